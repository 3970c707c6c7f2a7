"""Where the contestants run: processes on the cores they are given, databases on a PostgreSQL that loses nothing."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path

from tests.support.postgres import PostgresServer
from tests.support.servers import MIGRATE_AND_SERVE
from tests.support.servers import Service

from . import fill
from .wrk import Request

SERVICE_CORE, LOAD_CORE = 0, 1
"""The contestants share the first; the load and PostgreSQL have the second."""

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TAP = '{"is_complete": true}'


@contextlib.contextmanager
def on_cores(*cores: int) -> Iterator[None]:
    """Let what is started in the block run on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Make a folder for databases and logs, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="ninepanels-bench-") as name:
        yield Path(name)


@contextlib.contextmanager
def postgres(*cores: int) -> Iterator[PostgresServer]:
    """Run a PostgreSQL with its own defaults: what it says is committed is on the disk."""
    with on_cores(*cores), PostgresServer.temporary(options="") as server:
        yield server


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
    """Return a token of the n-th user."""
    answer = service.client.post("/token", data={"username": fill.email(user), "password": fill.PASSWORD})
    token: str = answer.raise_for_status().json()["data"]["access_token"]
    return token


def panels(*tokens: str) -> list[Request]:
    """Return what a client asks for first: the nine panels."""
    return [Request("GET", "/panels", token) for token in tokens]


def taps(tokens: dict[int, str]) -> list[Request]:
    """Return a tap on each panel of some users, whose tokens are given by user."""
    return [
        Request("POST", f"/panels/{panel}/entries", token, JSON, TAP)
        for user, token in tokens.items()
        for panel in panels_of(user)
    ]


def years(tokens: dict[int, str]) -> list[Request]:
    """Return what shows a year of each panel."""
    return [
        Request("GET", f"/panels/{panel}/entries", token) for user, token in tokens.items() for panel in panels_of(user)
    ]


def consistencies(*tokens: str) -> list[Request]:
    """Return what shows how consistent nine panels were."""
    return [Request("GET", "/metrics/panels/consistency", token) for token in tokens]


def logins(*users: int) -> list[Request]:
    """Return a login of each user."""
    password = fill.PASSWORD.replace(" ", "+")
    return [Request("POST", "/token", "", FORM, f"username={fill.email(user)}&password={password}") for user in users]


def panels_of(user: int) -> range:
    """Return the ids of the n-th user's panels."""
    return range((user - 1) * fill.PANELS + 1, user * fill.PANELS + 1)
