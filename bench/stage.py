"""Runs contestants on given cores, and PostgreSQL with its default durability."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from ninepanels import clock
from ninepanels import environments
from ninepanels import exceptions
from ninepanels.pydmodels.sync import MAX_TAPS
from tests.support.postgres import PostgresServer
from tests.support.servers import MIGRATE_AND_SERVE
from tests.support.servers import Service

from . import fill
from .wrk import Request

SERVICE_CORE, LOAD_CORE = 0, 1
"""Contestants run on the first core, the load and PostgreSQL on the second."""

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TAP = '{"is_complete": true}'


@contextlib.contextmanager
def on_cores(*cores: int) -> Iterator[None]:
    """Restrict the processes that are started in the block to these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Create a temporary folder for databases and logs."""
    with tempfile.TemporaryDirectory(prefix="ninepanels-bench-") as name:
        yield Path(name)


@contextlib.contextmanager
def postgres(*cores: int) -> Iterator[PostgresServer]:
    """Run PostgreSQL with its default settings: commits are written to the disk."""
    with on_cores(*cores), PostgresServer.temporary(options="") as server:
        yield server


@contextlib.contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Check out an earlier commit of this repository into a temporary folder."""
    with folder() as parent:
        root = parent / "checkout"
        if environments.git("worktree", "add", "--detach", str(root), commit) is None:
            raise exceptions.OperationRefused(
                f"git cannot check out {commit}. If the clone is shallow: git fetch --unshallow"
            )
        try:
            yield root
        finally:
            environments.git("worktree", "remove", "--force", str(root))


@contextlib.contextmanager
def running(
    database_url: str, *cores: int, program: Sequence[str] = MIGRATE_AND_SERVE, **settings: str
) -> Iterator[Service]:
    """Run a contestant on these cores until the end of the block."""
    with folder() as logs, on_cores(*cores):
        contestant = Service(database_url, logs, program, RATE_LIMITS="off", **settings)
        with on_cores(LOAD_CORE), contestant:
            yield contestant


def log_in(service: Service, user: int) -> str:
    """Return an access token of a user."""
    response = service.client.post("/token", data={"username": fill.email(user), "password": fill.PASSWORD})
    token: str = response.raise_for_status().json()["data"]["access_token"]
    return token


def panels(*tokens: str) -> list[Request]:
    """Return requests for the panels of each user."""
    return [Request("GET", "/panels", token) for token in tokens]


def unchanged(service: Service, *tokens: str) -> list[Request]:
    """Return requests for the panels of each user, which the user has already: the responses are 304s."""
    requests = []
    for token in tokens:
        response = service.client.get("/panels", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        requests.append(Request("GET", "/panels", token, etag=response.headers["ETag"]))
    return requests


def taps(tokens: dict[int, str]) -> list[Request]:
    """Return requests that record an entry of each panel of the users; `tokens` is by user."""
    return [
        Request("POST", f"/panels/{panel}/entries", token, JSON, TAP)
        for user, token in tokens.items()
        for panel in panels_of(user)
    ]


def years(tokens: dict[int, str]) -> list[Request]:
    """Return requests for the entries of a year of each panel."""
    return [
        Request("GET", f"/panels/{panel}/entries", token) for user, token in tokens.items() for panel in panels_of(user)
    ]


def histories(*tokens: str) -> list[Request]:
    """Return requests for a year of all panels of each user."""
    return [Request("GET", "/history", token) for token in tokens]


def send_offline_year(service: Service, user: int) -> float:
    """Send the taps of a year that was not recorded, in four requests, and return the seconds that they take."""
    last = clock.now().date() - timedelta(days=fill.DAYS)
    taps = [
        {"panel_id": panel, "day": str(day), "is_complete": True, "tapped_at": f"{day}T12:00:00Z"}
        for panel in panels_of(user)
        for day in (last - timedelta(days=number) for number in range(fill.DAYS))
    ]
    headers = {"Authorization": f"Bearer {log_in(service, user)}"}
    started = time.perf_counter()
    for start in range(0, len(taps), MAX_TAPS):
        response = service.client.post("/taps", json=taps[start : start + MAX_TAPS], headers=headers)
        applied = {result["applied"] for result in response.raise_for_status().json()["data"]}
        assert applied == {True}, "a tap was not applied"  # noqa: S101 - the rows of `fill` are later
    return time.perf_counter() - started


def consistencies(*tokens: str) -> list[Request]:
    """Return requests for the consistency of the panels of each user."""
    return [Request("GET", "/metrics/panels/consistency", token) for token in tokens]


def logins(*users: int) -> list[Request]:
    """Return a login request of each user."""
    password = fill.PASSWORD.replace(" ", "+")
    return [Request("POST", "/token", "", FORM, f"username={fill.email(user)}&password={password}") for user in users]


def panels_of(user: int) -> range:
    """Return the ids of the panels of a user."""
    return range((user - 1) * fill.PANELS + 1, user * fill.PANELS + 1)
