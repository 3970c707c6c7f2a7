"""A PostgreSQL that is frozen: it keeps its connections but answers nothing."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from ninepanels.ops.migrations import migrate

from .support.people import PASSWORD
from .support.people import data
from .support.postgres import PostgresServer
from .support.servers import Service
from .support.servers import wait_for

CLIENTS = 40


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.temporary() as server:
        migrate(server.create_database("frozen"))
        yield server


@contextlib.contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """Stop every process of the server without ending it."""
    postmaster = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=True).stdout
    processes = [postmaster, *map(int, children.split())]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_every_request_is_answered_while_the_database_is_frozen_and_taps_go_on_afterwards(
    server: PostgresServer, tmp_path: Path
) -> None:
    with Service(server.url("frozen"), tmp_path) as service:
        client = service.client
        data(client.post("/users", json={"email": "ada@example.com", "name": "Ada", "password": PASSWORD}))
        token = data(client.post("/token", data={"username": "ada@example.com", "password": PASSWORD}))["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        panel = data(client.post("/panels", json={"title": "Read"}, headers=headers))["id"]

        def tap(_number: int = 0) -> httpx2.Response:
            return client.post(f"/panels/{panel}/entries", json={"is_complete": True}, headers=headers)

        with ThreadPoolExecutor(CLIENTS) as clients:
            assert {response.status_code for response in clients.map(tap, range(CLIENTS))} == {200}
            with frozen(server):
                # More requests than route threads, and all of them end before the database is back.
                responses = list(clients.map(tap, range(CLIENTS)))
                assert {response.status_code for response in responses} == {503}
                assert {response.headers["Retry-After"] for response in responses} == {"5"}
                assert client.get("/health/live").status_code == 200
                assert client.get("/health/ready").status_code == 503
                assert "ninepanels_outbox_depth NaN" in client.get("/metrics").text
            wait_for(lambda: tap().status_code == 200)
        assert service.stop() in (0, -signal.SIGTERM)


def test_the_service_stops_while_the_database_is_frozen(server: PostgresServer, tmp_path: Path) -> None:
    with Service(server.url("frozen"), tmp_path) as service, frozen(server):
        assert service.client.get("/health/ready").status_code == 503
        service.stop()
