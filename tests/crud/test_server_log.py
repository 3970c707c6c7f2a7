"""What a real PostgreSQL writes to its own log when requests fail."""

import re
from collections.abc import Callable
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import environments
from ninepanels import serve
from ninepanels.config import Settings
from ninepanels.database import connected
from ninepanels.main import create_api
from ninepanels.ops.migrations import migrate

from ..support.backends import on_postgresql
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.postgres import PostgresServer
from .test_concurrency import send_concurrently

ROLE = "ninepanels"
DAY = "2026-10-03"

pytestmark = on_postgresql


@pytest.fixture
def server_log(postgres_server: PostgresServer) -> Callable[[], str]:
    """Returns what the server has logged since the test began."""
    path = postgres_server.folder / "log"
    begin = path.stat().st_size
    return lambda: path.read_bytes()[begin:].decode()


@pytest.fixture
def documented_role(postgres_server: PostgresServer) -> Iterator[str]:
    """A database whose owner is no superuser and has the settings of docs/deployment.md."""
    text = (environments.ROOT / "docs" / "deployment.md").read_text()
    settings = re.findall(rf"^ALTER ROLE {ROLE} SET .*;$", text, re.MULTILINE)
    url = postgres_server.create_database("logged").replace("postgres@", f"{ROLE}@")
    for statement in (f"CREATE ROLE {ROLE} LOGIN", f"ALTER DATABASE logged OWNER TO {ROLE}", *settings):
        postgres_server.execute(statement)
    yield url
    postgres_server.drop_database("logged")
    postgres_server.execute(f"DROP ROLE {ROLE}")


def test_an_email_that_is_taken_leaves_no_line_in_the_log(
    ada: Person, bob: Person, server_log: Callable[[], str]
) -> None:
    sign_up = {"email": ada.email, "name": "Eve", "password": PASSWORD}
    assert ada.client.post("/users", json=sign_up).status_code == 409
    assert bob.patch("/users", {"email": ada.email, "current_password": PASSWORD}).status_code == 409
    newcomer = sign_up | {"email": "eve@example.com"}
    assert sorted(send_concurrently([lambda: ada.client.post("/users", json=newcomer)] * 4)) == [200, 409, 409, 409]
    assert "ERROR" not in server_log()
    assert "@example.com" not in server_log()


def test_with_the_documented_settings_no_failed_statement_is_logged(
    postgres_server: PostgresServer, documented_role: str, settings: Settings, server_log: Callable[[], str]
) -> None:
    migrate(documented_role)
    api = create_api(settings.model_copy(update={"database_url": documented_role}))
    with TestClient(api, raise_server_exceptions=False) as client:
        ada = Person.sign_up(client, "ada@example.com")
        panel_id = ada.new_panel()
        for table in ("users", "entries"):
            # Every row violates it: a failure like that of a full disk, whose line would have all values.
            broken = f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK (false) NOT VALID"
            postgres_server.execute(broken, "logged")
        body = {"email": "eve@example.com", "name": "Eve", "password": PASSWORD}
        assert client.post("/users", json=body).status_code == 500
        assert ada.post(f"/panels/{panel_id}/entries", {"is_complete": True, "day": DAY}).status_code == 500
    assert server_log().count("violates check constraint") == 2
    for secret in ("STATEMENT", "eve@", "$argon2id$", DAY):
        assert secret not in server_log()


def test_the_start_warns_if_failed_statements_are_logged(
    postgres_server: PostgresServer, documented_role: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(documented_role) as database:
        assert not database.read(crud.databases.logs_statements)
    serve._warn_of_logged_statements(settings.model_copy(update={"database_url": documented_role}))
    assert caplog.messages == []
    serve._warn_of_logged_statements(settings.model_copy(update={"database_url": postgres_server.url("logged")}))
    assert "to its own log" in caplog.text
