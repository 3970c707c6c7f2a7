"""A PostgreSQL that is frozen: it keeps its connections but answers nothing."""

import contextlib
import itertools
import signal
import threading
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from ninepanels import sqlmodels as sql
from ninepanels.ops.migrations import migrate

from .serve.conftest import open_session
from .support.people import PASSWORD
from .support.people import data
from .support.postgres import PostgresServer
from .support.servers import MIGRATE_AND_SERVE
from .support.servers import Service
from .support.servers import wait_for

CLIENTS = 40


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.temporary() as server:
        migrate(server.create_database("frozen"))
        yield server


@contextlib.contextmanager
def running(server: PostgresServer, folder: Path) -> Iterator[Service]:
    with Service(server.url("frozen"), folder, MIGRATE_AND_SERVE, RATE_LIMITS="off") as service:
        yield service


def sign_up(client: httpx2.Client, email: str) -> dict[str, str]:
    """Create a user and return the headers that authenticate it."""
    data(client.post("/users", json={"email": email, "name": "Ada", "password": PASSWORD}))
    token = data(client.post("/token", data={"username": email, "password": PASSWORD}))["access_token"]
    return {"Authorization": f"Bearer {token}"}


def test_every_request_is_answered_while_the_database_is_frozen_and_taps_go_on_afterwards(
    server: PostgresServer, tmp_path: Path
) -> None:
    with running(server, tmp_path) as service, ThreadPoolExecutor(CLIENTS) as clients:
        client = service.client
        headers = sign_up(client, "ada@example.com")
        panel = data(client.post("/panels", json={"title": "Read"}, headers=headers))["id"]
        passwords = {"current_password": PASSWORD, "new_password": f"{PASSWORD} 2"}
        requests: list[Callable[[], httpx2.Response]] = [
            lambda: client.post(f"/panels/{panel}/entries", json={"is_complete": True}, headers=headers),
            lambda: client.get("/panels", headers=headers),
            lambda: client.get(f"/panels/{panel}/entries", headers=headers),
            lambda: client.get("/metrics/panels/consistency", headers=headers),
            lambda: client.get("/users", headers=headers),
            lambda: client.patch("/users", json={"name": "Ada"}, headers=headers),
            lambda: client.post("/panels", json={"title": "Write"}, headers=headers),
            lambda: client.post("/token", data={"username": "ada@example.com", "password": PASSWORD}),
            lambda: client.post("/users", json={"email": "b@example.com", "name": "Bo", "password": PASSWORD}),
            lambda: client.post("/auth/change_password", json=passwords, headers=headers),
            lambda: client.post("/auth/request_password_reset", json={"email": "ada@example.com"}),
        ]

        def send(number: int) -> httpx2.Response:
            return requests[number % len(requests)]()

        # All connections to the database are open before it freezes.
        assert {response.status_code for response in clients.map(send, [0] * CLIENTS)} == {200}
        with server.frozen():
            # More requests than route threads, and all of them end before the database is back.
            responses = list(clients.map(send, range(CLIENTS)))
            assert {response.status_code for response in responses} == {503}
            assert {response.headers["Retry-After"] for response in responses} == {"5"}
            assert client.get("/health/live").status_code == 200
            assert client.get("/health/ready").status_code == 503
            assert "ninepanels_outbox_depth NaN" in client.get("/metrics").text
        wait_for(lambda: client.get("/health/ready").status_code == 200)
        wait_for(lambda: send(0).status_code == 200)
        assert service.stop() in (0, -signal.SIGTERM)


def test_no_acknowledged_tap_is_lost_under_steady_load_while_the_database_freezes_and_thaws(
    server: PostgresServer, tmp_path: Path
) -> None:
    with running(server, tmp_path) as service, ThreadPoolExecutor(CLIENTS) as clients:
        client = service.client
        headers = sign_up(client, "grace@example.com")
        panel = data(client.post("/panels", json={"title": "Read"}, headers=headers))["id"]
        numbers, stop = itertools.count(), threading.Event()
        acknowledged: list[date] = []
        refused: list[httpx2.Response] = []

        def tap_until_stopped(_number: int) -> None:
            while not stop.is_set():
                day = date(1970, 1, 1) + timedelta(days=next(numbers))
                body = {"is_complete": True, "day": day.isoformat()}
                response = client.post(f"/panels/{panel}/entries", json=body, headers=headers)
                if response.status_code == 200:
                    acknowledged.append(day)
                else:
                    refused.append(response)
                    # A client waits before it tries again; so the days do not run out.
                    stop.wait(0.05)

        taps = [clients.submit(tap_until_stopped, number) for number in range(CLIENTS)]
        try:
            wait_for(lambda: len(acknowledged) >= CLIENTS)
            with server.frozen():
                wait_for(lambda: len(refused) >= CLIENTS)
            before = len(acknowledged)
            wait_for(lambda: len(acknowledged) >= before + CLIENTS)
        finally:
            stop.set()
        for tap in taps:
            tap.result()
        assert {(response.status_code, response.headers["Retry-After"]) for response in refused} == {(503, "5")}
        with open_session(server.url("frozen")) as session:
            recorded = select(sql.Entry.day).where(sql.Entry.panel_id == panel, sql.Entry.is_complete)
            completed = set(session.scalars(recorded))
        assert set(acknowledged) - completed == set()


def test_the_service_stops_while_the_database_is_frozen(server: PostgresServer, tmp_path: Path) -> None:
    with Service(server.url("frozen"), tmp_path, MIGRATE_AND_SERVE) as service, server.frozen():
        assert service.client.get("/health/ready").status_code == 503
        service.stop()
