"""`/.well-known/security.txt`, as in RFC 9116."""

from datetime import datetime
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from ninepanels.config import Settings
from ninepanels.main import create_api

from ..conftest import Clock
from ..support.backends import on_sqlite

PATH = "/.well-known/security.txt"

pytestmark = on_sqlite


def fields(client: TestClient) -> dict[str, str]:
    response = client.get(PATH)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    return dict(line.split(": ", maxsplit=1) for line in response.text.splitlines())


def test_the_contact_of_the_settings_is_published(client: TestClient) -> None:
    names = {"Contact": "mailto:security@ninepanels.example", "Preferred-Languages": "en"}
    assert fields(client).items() >= names.items()


@pytest.mark.parametrize("now", ["2026-11-23T00:00:00Z", "2026-11-23T23:59:59Z", "2031-02-28T12:00:00Z"])
def test_the_file_expires_in_the_future_and_within_a_year(client: TestClient, wall_clock: Clock, now: str) -> None:
    wall_clock.set(now)
    expires = datetime.fromisoformat(fields(client)["Expires"])
    assert timedelta(days=179) <= expires - wall_clock.now <= timedelta(days=180)


@pytest.mark.parametrize(
    ("app_url", "canonical"),
    [
        ("https://ninepanels.example:8443/habits/app", "https://ninepanels.example:8443/.well-known/security.txt"),
        ("http://127.0.0.1:8000/app", None),
    ],
)
def test_the_canonical_address_is_at_the_root_of_the_public_host(
    settings: Settings, app_url: str, canonical: str | None
) -> None:
    with TestClient(create_api(settings.model_copy(update={"app_url": app_url}))) as client:
        assert fields(client).get("Canonical") == canonical


def test_without_a_contact_there_is_no_file(settings: Settings) -> None:
    with TestClient(create_api(settings.model_copy(update={"security_contact": ""}))) as client:
        response = client.get(PATH)
    assert response.status_code == 404
    assert response.json()["data"]["code"] == "not_found"
