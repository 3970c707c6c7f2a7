"""A tour of the API with the client that openapi-python-client generates, checked by mypy in strict mode."""

import sys
from datetime import UTC
from datetime import datetime
from typing import TypeVar

from nine_panels_client import AuthenticatedClient
from nine_panels_client import Client
from nine_panels_client.api.auth import log_in
from nine_panels_client.api.consistency import read_consistency
from nine_panels_client.api.entries import list_entries
from nine_panels_client.api.entries import record_entry
from nine_panels_client.api.panels import create_panel
from nine_panels_client.api.panels import delete_panel
from nine_panels_client.api.panels import list_panels
from nine_panels_client.api.users import sign_up
from nine_panels_client.models import Credentials
from nine_panels_client.models import EntryCreate
from nine_panels_client.models import EntryResponse
from nine_panels_client.models import ErrorResponse
from nine_panels_client.models import HistoryDayListResponse
from nine_panels_client.models import InvalidRequestResponse
from nine_panels_client.models import PanelConsistencyListResponse
from nine_panels_client.models import PanelCreate
from nine_panels_client.models import PanelListResponse
from nine_panels_client.models import PanelResponse
from nine_panels_client.models import TokenResponse
from nine_panels_client.models import UserCreate
from nine_panels_client.models import UserResponse

EMAIL = "ada@example.com"
PASSWORD = "correct horse"

T = TypeVar("T")


def wanted(kind: type[T], response: object) -> T:
    """Return a successful response."""
    if not isinstance(response, kind):
        raise TypeError(response)
    return response


def tour(base_url: str) -> None:
    """Print what each request returns. `base_url` is the address of a service without users."""
    with Client(base_url) as visitor:
        body = UserCreate(email=EMAIL, name="Ada", password=PASSWORD)
        account = wanted(UserResponse, sign_up.sync(client=visitor, body=body))
        print("signed up:", account.data.email)

        login = wanted(TokenResponse, log_in.sync(client=visitor, body=Credentials(EMAIL, PASSWORD)))

    with AuthenticatedClient(base_url, token=login.data.access_token) as client:
        for title in ("Read", "Write"):
            panel = wanted(PanelResponse, create_panel.sync(client=client, body=PanelCreate(title=title)))
            print("created:", panel.data.title, "at", panel.data.position)

        panels = wanted(PanelListResponse, list_panels.sync(client=client))
        print("panels:", [panel.title for panel in panels.data], panels.meta.count, "of", panels.meta.max_panels)

        first = panels.data[0]
        entry = wanted(EntryResponse, record_entry.sync(first.id, client=client, body=EntryCreate(is_complete=True)))
        print("tapped:", entry.data.day == panels.meta.day, entry.data.timestamp <= datetime.now(UTC))

        history = wanted(HistoryDayListResponse, list_entries.sync(first.id, client=client, limit=7))
        print("history:", [day.is_complete for day in history.data], history.meta.total, "day")

        consistency = wanted(PanelConsistencyListResponse, read_consistency.sync(client=client))
        print("consistency:", [f"{panel.title} {panel.consistency}" for panel in consistency.data])

        missing = delete_panel.sync_detailed(1_000, client=client)
        error = wanted(ErrorResponse, missing.parsed)
        print("error:", missing.status_code.value, error.data.code, error.error_message)

        invalid = wanted(InvalidRequestResponse, create_panel.sync(client=client, body=PanelCreate(title="")))
        print("invalid:", [field.loc for field in invalid.data.detail])


if __name__ == "__main__":
    tour(sys.argv[1])
