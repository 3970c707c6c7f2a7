"""Every query has its index: what each route and what follows it asks of the database, explained by the database."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels.database import database

from ..routes.test_second_user import QUERIES
from ..support.mailbox import Mailbox
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from .test_statements import COSTS

Asked = dict[str, Any]
"""Statements, each with parameters it had."""

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
def asked(client: TestClient) -> Asked:
    """The statements of requests, event handlers and the outbox."""
    assert client, "its start connects the database"
    asked: Asked = {}

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        asked.setdefault(statement, parameters)

    for engine in (database.engine, database.autocommit):
        event.listen(engine, "before_cursor_execute", note)
    return asked


def test_no_query_reads_a_table_from_end_to_end(
    client: TestClient, backend: str, asked: Asked, mailbox: Mailbox
) -> None:
    for number, (method, path) in enumerate(COSTS):
        ada = Person.sign_up(client, f"{number}@example.com")
        panel_id = ada.new_panel()
        with database.transaction() as work:
            crud.users.set_admin(work, ada.id, is_admin=True)
        body = (COSTS[method, path][1] or {}) | ({"email": ada.email} if path.startswith("/auth/") else {})
        if path == "/auth/password_reset":
            body |= mailbox.reset_link()
        params = QUERIES.get((method, path))
        ada.request(method, path.format(panel_id=panel_id, user_id=ada.id), json=body or None, params=params)
    data(client.get("/health/ready"))
    finish_events(client)
    scanned = {"sqlite": scanned_by_sqlite, "postgresql": scanned_by_postgresql}[backend]
    queries = {
        statement: parameters
        for statement, parameters in asked.copy().items()
        if re.match("SELECT|INSERT|UPDATE|DELETE", statement) and "pg_catalog" not in statement
    }
    explained = {statement: scanned(statement, parameters) for statement, parameters in queries.items()}
    assert len(explained) > len(COSTS)
    unmeant = {statement: scans for statement, scans in explained.items() if scans and not is_meant(statement)}
    assert unmeant == {}


def is_meant(statement: str) -> bool:
    return any(re.match(meant, statement, re.DOTALL) for meant in MEANT)


def scanned_by_sqlite(statement: str, parameters: Any) -> list[str]:
    """What SQLite reads from end to end."""
    with database.connection() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row.detail for row in plan if re.match(rf"SCAN (?!{NO_TABLE})", row.detail)]


def scanned_by_postgresql(statement: str, parameters: Any) -> list[str]:
    """What PostgreSQL reads from end to end where it sees no other way, however few rows there are."""
    with database.transaction() as work:
        connection = work.connection()
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        return [json.dumps(node) for node in nodes_of(plan[0]["Plan"]) if is_scan(node)]


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes_of(child)


def is_scan(node: dict[str, Any]) -> bool:
    by_index = node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Index Scan")
    whole_index = by_index and "Index Cond" not in node and node["Index Name"] != "ix_users_admins"
    return node["Node Type"] == "Seq Scan" or whole_index
