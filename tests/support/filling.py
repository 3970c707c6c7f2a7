"""Fills every table of a database with rows."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy import NullPool
from sqlalchemy import insert
from sqlalchemy import select

from ninepanels import clock
from ninepanels import sqlmodels as sql
from ninepanels.database import make_engine

PANELS = 3
DAYS = 4

Rows = dict[str, set[tuple[object, ...]]]


def fill(database_url: str, users: int = 20) -> None:
    """Insert rows into every table. A running service deletes none of them for a day."""
    engine = make_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        for model, rows in _rows(users):
            connection.execute(insert(model), rows)
    engine.dispose()


def _rows(users: int) -> Iterator[tuple[type[sql.Base], list[dict[str, object]]]]:
    now = clock.now()
    soon, today = now + timedelta(days=9), now.date()
    people = range(users)
    route = {"method": "GET", "path": "/panels", "method_path": "GET_/panels"}
    times = {"created_at": now, "start_ts": now, "stop_ts": now}
    speed = {"count": 1, "avg": 1.5, "alert_threshold_ms": 250.0, "in_alert": False, "created_at": now}
    # The database generates the ids, as in the service, so that its sequences are correct.
    yield (
        sql.User,
        [
            {"email": f"{n}@example.com", "name": f"Ünïcödé, \t\\N {n}", "hashed_password": "x", "timezone": "UTC"}
            | {"day_starts_at": n % 6, "created_at": now}
            for n in people
        ],
    )
    yield (
        sql.Panel,
        [
            {"user_id": n + 1, "title": f"Panel {p}", "position": p, "created_at": now, "first_day": now.date()}
            for n in people
            for p in range(PANELS)
        ],
    )
    yield (
        sql.Entry,
        [
            {"user_id": n + 1, "panel_id": PANELS * n + p + 1, "day": today - timedelta(days=d)}
            | {"is_complete": d % 2 == 0, "timestamp": now}
            for n in people
            for p in range(PANELS)
            for d in range(DAYS)
        ],
    )
    yield sql.BlacklistedAccessToken, [{"user_id": n + 1, "jti": str(n), "expires_at": soon} for n in people]
    yield (
        sql.LoginSession,
        [
            {"user_id": n + 1, "jti": str(n), "generation": 0, "user_agent": "Firefox on Android"}
            | {"created_at": now, "expires_at": soon, "last_used_at": now}
            for n in people
        ],
    )
    yield (
        sql.PasswordResetToken,
        [{"token_hash": f"{n:064}", "user_id": n + 1, "issued_at": now, "expires_at": soon} for n in people],
    )
    factor = {"encrypted_secret": "x", "is_confirmed": True, "last_step": 1, "recovery_hashes": [f"{0:064}"]}
    yield sql.SecondFactor, [{"user_id": n + 1} | factor for n in people]
    yield (
        sql.IdempotentRequest,
        [
            {"user_id": n + 1, "key_hash": f"{n:064}", "request_hash": f"{n:064}"}
            | {"created_at": now, "response": bytes([n % 256, 0, 92])}
            for n in people
        ],
    )
    yield (
        sql.AuditEvent,
        [{"created_at": now, "action": "password_changed", "actor_id": n + 1, "details": ["n"]} for n in people],
    )
    mail = {"recipient": "a@example.com", "created_at": now, "sent_at": now}
    yield sql.OutboxMail, [{"user_id": n + 1, "kind": "welcome", "about": {"n": n}} | mail for n in people]
    yield sql.Timing, [{"event_id": uuid.uuid4(), "status_code": 200, "diff_ms": n / 7} | route | times for n in people]
    yield sql.TimingStats, [route | speed for _ in people]
    yield sql.RouteSettings, [{"method_path": f"GET_/{n}", "window_size": n} for n in people]


def rows_of(database_url: str) -> Rows:
    """Return every row of every table."""
    engine = make_engine(database_url, poolclass=NullPool)
    try:
        return _all_rows(engine)
    finally:
        engine.dispose()


def _all_rows(engine: Engine) -> Rows:
    with engine.connect() as connection:
        return {
            table.name: {tuple(map(_hashable, row)) for row in connection.execute(select(table))}
            for table in sql.Base.metadata.sorted_tables
        }


def _hashable(value: object) -> object:
    return repr(value) if isinstance(value, dict | list) else value
