"""The reference: the minimum that FastAPI needs for the same queries.

A `def` route in one of four threads, a psycopg2 pool and one handwritten statement; no logins, timings or events. The
responses are those of the service, including the envelope.
"""

import json
import os
from collections.abc import AsyncIterator
from collections.abc import Iterator
from contextlib import asynccontextmanager
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi import Response
from psycopg2.extensions import cursor
from psycopg2.pool import ThreadedConnectionPool
from pydantic import BaseModel

THREADS = 4
USER_ID = 1

PANELS = """
SELECT p.id, p.user_id, p.title, p.description, p.position, p.created_at, coalesce(e.is_complete, false)
FROM panels p LEFT JOIN entries e ON e.user_id = p.user_id AND e.panel_id = p.id AND e.day = %s
WHERE p.user_id = %s ORDER BY p.position
"""
TAP = """
INSERT INTO entries (user_id, panel_id, day, is_complete, timestamp)
SELECT user_id, id, %s, %s, %s FROM panels WHERE id = %s
ON CONFLICT (user_id, panel_id, day)
DO UPDATE SET is_complete = excluded.is_complete, timestamp = excluded.timestamp
RETURNING id, panel_id, is_complete, day, timestamp
"""


class Tap(BaseModel):
    """The body of a request that records an entry."""

    is_complete: bool


pool = ThreadedConnectionPool(THREADS, THREADS, os.environ["NINEPANELS_DATABASE_URL"].replace("+psycopg2", ""))


@contextmanager
def _cursor() -> Iterator[cursor]:
    connection = pool.getconn()
    try:
        # In autocommit mode a statement is one round trip.
        connection.autocommit = True
        with connection.cursor() as each:
            yield each
    finally:
        pool.putconn(connection)


@asynccontextmanager
async def _lifespan(_api: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield


api = FastAPI(lifespan=_lifespan)


@api.get("/health/live")
def live() -> Response:
    """Respond as soon as the process runs."""
    return Response()


@api.get("/panels")
def read_panels() -> Response:
    """Return the nine panels with today's state."""
    today = datetime.now(UTC).date()
    with _cursor() as statement:
        statement.execute(PANELS, (today, USER_ID))
        rows = statement.fetchall()
    panels = [
        {
            "id": row[0],
            "user_id": row[1],
            "title": row[2],
            "description": row[3],
            "position": row[4],
            "created_at": row[5].isoformat(),
            "is_complete": row[6],
        }
        for row in rows
    ]
    return _enveloped(panels, {"day": today.isoformat(), "count": len(panels), "max_panels": 9})


@api.post("/panels/{panel_id}/entries")
def record_entry(panel_id: int, tap: Tap) -> Response:
    """Record an entry, committed before the response is sent."""
    now = datetime.now(UTC)
    with _cursor() as statement:
        statement.execute(TAP, (now.date(), tap.is_complete, now, panel_id))
        row = statement.fetchone() or ()
    entry = {
        "id": row[0],
        "panel_id": row[1],
        "is_complete": row[2],
        "day": row[3].isoformat(),
        "timestamp": row[4].isoformat(),
    }
    return _enveloped(entry, None)


def _enveloped(data: Any, meta: Any) -> Response:
    envelope = {"data": data, "status_code": 200, "is_error": False, "error_message": None, "meta": meta}
    return Response(json.dumps(envelope, ensure_ascii=False, separators=(",", ":")), media_type="application/json")
