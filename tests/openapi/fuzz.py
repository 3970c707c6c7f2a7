"""Sends generated requests to a real service and checks every response against the OpenAPI schema.

`python -m tests.openapi.fuzz --examples 20000 --database postgresql` prints how many responses had each status, and the
failed checks of schemathesis.
"""

import argparse
import copy
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

import httpx2
import schemathesis
import sqlalchemy
from schemathesis.config import OperationConfig
from schemathesis.engine import events
from schemathesis.engine import from_schema

from ninepanels import ids
from ninepanels import main
from ninepanels import sqlmodels as sql
from ninepanels.ops.migrations import migrate

from ..support.postgres import PostgresServer
from ..support.servers import Service

PASSWORD = "correct horse"


@dataclass
class Report:
    """What the service answered.

    Attributes:
        statuses: how many responses had each status.
        failures: the failed checks, each with the command that repeats the request.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, event: object) -> None:
        if isinstance(event, events.NonFatalError):
            self.failures[f"{event.label}: {event.value!r}"] = ""
        if isinstance(event, events.FatalError):
            raise event.exception
        if not isinstance(event, events.ScenarioFinished):
            return
        for interaction in event.recorder.interactions.values():
            assert interaction.response is not None
            self.statuses[interaction.response.status_code] += 1
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    key = f"{failure.operation}: {failure.title}"
                    self.failures.setdefault(key, f"{failure.message}\n{check.failure_info.code_sample}")


class Admins:
    """Logs in. Fuzzed requests log out, delete the account and change its rights, so the login is checked each time."""

    def __init__(self, url: str, database_url: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=60)
        self._engine = sqlalchemy.create_engine(database_url)
        self._token = "none"

    def token(self) -> str:
        if self._client.get("/admin/users", params={"limit": 1}, headers=self._headers()).status_code != 200:
            self._sign_up()
        return self._token

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _sign_up(self) -> None:
        email = f"{ids.uuid4()}@example.com"
        body = {"email": email, "name": "Ada", "password": PASSWORD}
        self._client.post("/users", json=body).raise_for_status()
        with self._engine.begin() as connection:
            connection.execute(sqlalchemy.update(sql.User).where(sql.User.email == email).values(is_admin=True))
        login = self._client.post("/token", data={"username": email, "password": PASSWORD}).raise_for_status()
        self._token = login.json()["data"]["access_token"]


def documented_schema() -> dict[str, Any]:
    """Return the schema without `default` responses, which would document every status."""
    schema = copy.deepcopy(main.api.openapi())
    for operations in schema["paths"].values():
        for operation in operations.values():
            del operation["responses"]["default"]
    return schema


def fuzz(url: str, admins: Admins | None, per_operation: int, *, deterministic: bool = False) -> Report:
    """Send generated requests, valid and invalid ones, and check the responses.

    Args:
        url: the address of a service without rate limits.
        admins: the logins of the requests; None: they have none.
        per_operation: how many random requests each operation gets, besides those for the limits of each field.
        deterministic: send the same requests each time.
    """
    schema = schemathesis.openapi.from_dict(documented_schema())
    schema.config.update(base_url=url)
    schema.config.generation.update(max_examples=per_operation, deterministic=deterministic)
    # A schema cannot say every rule, such as the names of time zones, which position is out of range, and which
    # revisions are known.
    acceptance = schema.config.checks.positive_data_acceptance
    acceptance.expected_statuses = [*acceptance.expected_statuses, "400", "410", "422"]
    # DELETE deletes the entries of a history. The history itself, with its days without a tap, stays available.
    history = {"include-path": "/panels/{panel_id}/entries", "checks": {"use_after_free": {"enabled": False}}}
    schema.config.operations.operations.append(OperationConfig.from_dict(history))
    if admins is not None:
        _log_in(schema, admins)
        # With a login, the response does not end.
        del schema.raw_schema["paths"]["/changes/stream"]
    report = Report()
    for event in from_schema(schema).execute():
        report.add(event)
    return report


def _log_in(schema: schemathesis.BaseSchema, admins: Admins) -> None:
    @schema.auth(refresh_interval=None)
    class Login:
        def get(self, _case: object, _context: object) -> str:
            return admins.token()

        def set(self, case: schemathesis.Case[Any], token: str, _context: object) -> None:
            case.headers["Authorization"] = f"Bearer {token}"


@contextmanager
def service(kind: str) -> Iterator[tuple[Service, str]]:
    with tempfile.TemporaryDirectory() as folder, PostgresServer.temporary() as server:
        url = f"sqlite:///{folder}/fuzz.db" if kind == "sqlite" else server.create_database("fuzz")
        migrate(url)
        with Service(url, Path(folder), RATE_LIMITS="off") as running:
            yield running, url


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20_000, help="half of them without a login")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    operations = sum(len(path) for path in main.api.openapi()["paths"].values())
    with service(arguments.database) as (running, url):
        for admins in (None, Admins(running.url, url)):
            report = fuzz(running.url, admins, arguments.examples // 2 // operations)
            login = "with a login" if admins else "without a login"
            sys.stdout.write(f"{report.statuses.total()} requests {login}: {dict(sorted(report.statuses.items()))}\n")
            for failure, details in report.failures.items():
                sys.stdout.write(f"\n--- {failure}\n{details}\n")


if __name__ == "__main__":
    _main()
