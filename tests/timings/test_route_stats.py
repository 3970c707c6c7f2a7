"""The statistics of routes, compared with NumPy."""

import asyncio
import itertools
import math
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from sqlalchemy import func
from sqlalchemy import select
from starlette.testclient import TestClient
from starlette.types import Message

from ninepanels import crud
from ninepanels import sqlmodels as sql
from ninepanels.database import database
from ninepanels.observability import route_names

from ..support.asgi import http_scope
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBERS = itertools.count()


def compute_with_numpy(readings: Sequence[float]) -> dict[str, float]:
    """Return the statistics of readings, newest first."""
    return {
        "count": len(readings),
        "avg": float(np.mean(readings)),
        "p50": float(np.percentile(readings, 50)),
        "p95": float(np.percentile(readings, 95)),
        "p99": float(np.percentile(readings, 99)),
        "min": min(readings),
        "max": max(readings),
        "last": readings[0],
    }


def add_route(readings: Sequence[float]) -> str:
    """Add timings of a new route to the database, oldest first; return its `method_path`."""
    name = f"GET_/{next(NUMBERS)}"
    with database.transaction() as work:
        for number, diff_ms in enumerate(readings):
            at = NOON + timedelta(seconds=number)
            work.add(
                sql.Timing(
                    event_id=uuid4(),
                    created_at=at,
                    method="GET",
                    path=name.removeprefix("GET_"),
                    method_path=name,
                    status_code=200,
                    start_ts=at,
                    stop_ts=at,
                    diff_ms=diff_ms,
                )
            )
    return name


def computed(method_path: str, window_size: int) -> dict[str, Any]:
    with database.transaction() as session:
        return dict(crud.route_stats.compute(session, method_path, window_size)._mapping)


@pytest.mark.usefixtures("client")
@given(
    readings=st.lists(st.floats(1e-6, 1e6) | st.integers(0, 3).map(float), min_size=1, max_size=30),
    window_size=st.integers(1, 40),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_statistics_of_the_latest_readings_equal_those_of_numpy(readings: list[float], window_size: int) -> None:
    window = readings[::-1][:window_size]
    assert computed(add_route(readings), window_size) == pytest.approx(compute_with_numpy(window), rel=1e-9, abs=1e-9)


@pytest.mark.usefixtures("client")
def test_without_readings_the_statistics_are_empty() -> None:
    empty = dict.fromkeys(("avg", "p50", "p95", "p99", "min", "max", "last"))
    assert computed("GET_/nowhere", 100) == {"count": 0, **empty}


# --- 10,000 requests --------------------------------------------------------------------------------------------------

REQUESTS = 10_000
KNOWN = [
    ("GET", "/"),
    ("GET", "/users"),
    ("PATCH", "/users"),
    ("DELETE", "/users"),
    ("GET", "/v5/panels"),
    ("POST", "/panels"),
    ("PATCH", "/panels/{panel_id}"),
    ("DELETE", "/v5/panels/{panel_id}"),
    ("POST", "/panels/{panel_id}/entries"),
    ("GET", "/panels/{panel_id}/entries"),
    ("DELETE", "/panels/{panel_id}/entries"),
    ("GET", "/metrics/panels/consistency"),
    ("POST", "/auth/logout"),
    ("GET", "/health/live"),
    ("GET", "/v5/health/live"),
]
UNKNOWN = [("GET", "/a/{id}"), ("POST", "/b/{id}"), ("DELETE", "/v5/c/{id}"), ("GET", "/.git/{id}"), ("BREW", "/{id}")]


def expected_names() -> Counter[str]:
    """Return the number of requests by route name."""
    names = [f"{method}_{path.removeprefix('/v5')}" for method, path in KNOWN]
    names += [route_names.UNMATCHED.method_path] * len(UNKNOWN)
    return Counter({name: times * REQUESTS // len(names) for name, times in Counter(names).items()})


async def send_requests(api: FastAPI) -> None:
    """Send 10,000 requests to 20 routes, 50 in parallel, each with a request id that starts with "load-"."""
    routes = KNOWN + UNKNOWN

    async def send(number: int) -> None:
        method, path = routes[number % len(routes)]
        path = path.replace("{panel_id}", str(number)).replace("{id}", secrets.token_hex(8))
        scope = http_scope(path, method, {"X-Request-ID": f"load-{number}".encode()})

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def discard(_message: Message) -> None:
            pass

        await api(scope, receive, discard)

    async def send_every_50th(first: int) -> None:
        for number in range(first, REQUESTS, 50):
            await send(number)

    await asyncio.gather(*(send_every_50th(first) for first in range(50)))


def test_10_000_requests_to_20_routes_have_a_row_each_and_the_statistics_of_numpy(
    api: FastAPI, client: TestClient
) -> None:
    assert client.portal is not None
    client.portal.call(send_requests, api)
    ada = Person.sign_up(client, "ada@example.com")
    finish_events(client)
    with database.transaction() as work:
        crud.users.set_admin(work, ada.id, is_admin=True)
        rows = work.execute(
            select(sql.Timing.method_path, func.count(sql.Timing.request_id.distinct()), func.count())
            .where(sql.Timing.request_id.like("load-%"))
            .group_by(sql.Timing.method_path)
        ).all()
        in_stats = set(work.scalars(select(sql.TimingStats.method_path)))
    assert {name: (distinct, all_) for name, distinct, all_ in rows} == {
        name: (times, times) for name, times in expected_names().items()
    }
    assert in_stats <= route_names.all_of(api)
    stats = {each["method_path"]: each for each in data(ada.get("/admin/routes"))}
    for name in expected_names():
        timings = data(ada.get("/admin/routes/timings", method_path=name, window_size=100))
        expected = compute_with_numpy(timings["readings"])
        assert {key: stats[name][key] for key in expected} == pytest.approx(expected, rel=1e-9)
        assert timings["timestamps"] == sorted(timings["timestamps"], reverse=True)
        assert not any(math.isnan(reading) for reading in timings["readings"])
