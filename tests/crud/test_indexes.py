"""Every query uses an index. EXPLAIN checks the statements of all routes, event handlers and the outbox."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels.accounts import verification
from ninepanels.config import Settings
from ninepanels.database import database

from ..support import authenticator
from ..support.mailbox import Mailbox
from ..support.operations import A_DAY
from ..support.operations import QUERIES
from ..support.operations import STREAMS
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from .test_statements import STATEMENT_COUNTS

Statements = dict[str, Any]
"""The parameters of each statement, from its first execution."""

# Allowed scans: a page and the number of all users and of all events, a table of one row, one with a row per route.
ALLOWED = [
    r"SELECT users\.id.*\sFROM users ORDER BY users\.id",
    r"SELECT count\(\*\) AS count_1 \nFROM (users|audit_events)",
    r"SELECT audit_events\.id.*\sFROM audit_events ORDER BY audit_events\.id DESC",
    r"SELECT version_num",
    r"SELECT timing_stats\.id.*\sFROM timing_stats JOIN route_settings",
]
# Scans of no table, but of subqueries, constants and parameters; and of the partial index that holds only admins.
NOT_A_TABLE = r"(\d+ )?CONSTANT ROW|json_each|users USING (COVERING )?INDEX ix_users_admins|anon_\d|\(subquery"


@pytest.fixture
def recorded(client: TestClient) -> Statements:
    """Records the statements of requests, event handlers and the outbox."""
    assert client, "the client starts the service, which connects the database"
    recorded: Statements = {}

    def record(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        recorded.setdefault(statement, parameters)

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", record)
    return recorded


def test_no_query_scans_a_whole_table(
    client: TestClient, backend: str, recorded: Statements, mailbox: Mailbox, settings: Settings
) -> None:
    for number, (method, path) in enumerate(STATEMENT_COUNTS):
        ada = Person.sign_up(client, f"{number}@example.com")
        panel_id = ada.new_panel()
        with database.transaction() as work:
            crud.users.set_admin(work, ada.id, is_admin=True)
        body = STATEMENT_COUNTS[method, path][1]
        if path == "/auth/password_reset":
            body = (body or {}) | mailbox.reset_link()
        if path == "/auth/verify_email":
            body = {"verification_token": verification.issue_token(ada.id, ada.email, settings)}
        if code := authenticator.CODES.get(f"{method} {path}"):
            body = (body or {}) | {"totp_code": code(ada)}
        sent: dict[str, Any] = {"json": body}
        if path == "/token":
            sent = {"data": {"username": ada.email, "password": PASSWORD}}
        elif path == "/auth/request_password_reset":
            sent = {"json": {"email": ada.email}}
        params = QUERIES.get((method, path))
        session_id = data(ada.get("/auth/sessions"))[0]["id"]
        address = path.format(panel_id=panel_id, user_id=ada.id, session_id=session_id, day=A_DAY)
        headers = {"Idempotency-Key": "key"}
        response = ada.request("HEAD" if path in STREAMS else method, address, params=params, headers=headers, **sent)
        assert response.status_code == 200, response.text
    data(client.get("/health/ready"))
    finish_events(client)
    read_scans = {"sqlite": sqlite_scans, "postgresql": postgresql_scans}[backend]
    queries = {
        statement: parameters
        for statement, parameters in recorded.copy().items()
        if re.match("SELECT|INSERT|UPDATE|DELETE|PREPARE", statement) and "pg_catalog" not in statement
    }
    explained = {statement: read_scans(statement, parameters) for statement, parameters in queries.items()}
    assert len(explained) > len(STATEMENT_COUNTS)
    unexpected = {statement: scans for statement, scans in explained.items() if scans and not is_allowed(statement)}
    assert unexpected == {}


def is_allowed(statement: str) -> bool:
    return any(re.match(allowed, statement, re.DOTALL) for allowed in ALLOWED)


def sqlite_scans(statement: str, parameters: Any) -> list[str]:
    """Return the table scans in SQLite's query plan."""
    with database.connection() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row.detail for row in plan if re.match(rf"SCAN (?!{NOT_A_TABLE})", row.detail)]


def postgresql_scans(statement: str, parameters: Any) -> list[str]:
    """Return the scans in PostgreSQL's query plan that remain while sequential scans are disabled.

    PostgreSQL would otherwise scan small tables even if there is an index.
    """
    with database.transaction() as work:
        connection = work.connection()
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        prepared = statement.partition(" AS ")[2] if statement.startswith("PREPARE") else None
        explain = f"GENERIC_PLAN) {prepared}" if prepared else f"FORMAT JSON) {statement}"
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON, {explain}", parameters).scalar_one()
        return [json.dumps(node) for node in walk_plan(plan[0]["Plan"]) if is_scan(node)]


def walk_plan(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from walk_plan(child)


def is_scan(node: dict[str, Any]) -> bool:
    by_index = node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Index Scan")
    whole_index = by_index and "Index Cond" not in node and node["Index Name"] != "ix_users_admins"
    return node["Node Type"] == "Seq Scan" or whole_index
