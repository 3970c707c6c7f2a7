"""Every query has its index: what each route and what follows it asks of the database, explained by SQLite."""

import re

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels.database import database

from .mailbox import Mailbox
from .people import Person
from .people import data
from .pipeline import finish_events
from .test_second_user import QUERIES
from .test_statements import COSTS

# Read from end to end on purpose: a page of all users and their number, a table of one row and one of a row a route.
MEANT = [
    r"SELECT users\.id.*\sFROM users ORDER BY users\.id",
    r"SELECT count\(\*\) AS count_1 \nFROM users",
    r"SELECT version_num",
    r"SELECT timing_stats\.id.*\sFROM timing_stats JOIN route_settings",
]
# The index of the admins holds nobody else, and what a query selected, said itself or was sent is no table.
NO_TABLE = r"(\d+ )?CONSTANT ROW|json_each|users USING INDEX ix_users_admins|anon_\d|\(subquery"


@pytest.fixture
def asked(client: TestClient) -> set[str]:
    """The statements of requests, event handlers and the outbox."""
    assert client, "its start connects the database"
    asked: set[str] = set()
    for engine in (database.engine, database.autocommit):
        event.listen(engine, "before_cursor_execute", lambda *arguments: asked.add(str(arguments[2])))
    return asked


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_query_reads_a_table_from_end_to_end(client: TestClient, asked: set[str], mailbox: Mailbox) -> None:
    for number, (method, path) in enumerate(COSTS):
        ada = Person.sign_up(client, f"{number}@example.com")
        panel_id = ada.new_panel()
        with database.writing() as work:
            crud.users.set_admin(work, ada.id, is_admin=True)
        body = (COSTS[method, path][1] or {}) | ({"email": ada.email} if path.startswith("/auth/") else {})
        if path == "/auth/password_reset":
            body |= mailbox.reset_link()
        params = QUERIES.get((method, path))
        ada.request(method, path.format(panel_id=panel_id, user_id=ada.id), json=body or None, params=params)
    data(client.get("/health/ready"))
    finish_events(client)
    queries = [statement for statement in asked.copy() if re.match("SELECT|INSERT|UPDATE|DELETE", statement)]
    explained = {query: scanned(query) for query in queries}
    assert len(explained) > len(COSTS)
    assert {statement: scans for statement, scans in explained.items() if scans} == {}


def scanned(statement: str) -> list[str]:
    """The tables that SQLite reads from end to end, unless that is meant."""
    if any(re.match(meant, statement, re.DOTALL) for meant in MEANT):
        return []
    with database.reading() as connection:
        nothing = (None,) * statement.count("?")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", nothing)
        return [row.detail for row in plan if re.match(rf"SCAN (?!{NO_TABLE})", row.detail)]
