"""Helpers of the tests that run the service as a process."""

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx2
from sqlalchemy import NullPool
from sqlalchemy.orm import Session

from ninepanels.database import make_engine

from ..support.people import PASSWORD
from ..support.servers import Service


@contextlib.contextmanager
def open_session(database_url: str) -> Iterator[Session]:
    engine = make_engine(database_url, poolclass=NullPool)
    with Session(engine) as session:
        yield session
    engine.dispose()


def sign_up(service: Service, email: str = "ada@example.com") -> httpx2.Response:
    return service.client.post("/users", json={"email": email, "name": "Ada", "password": PASSWORD})


def log_in(service: Service) -> httpx2.Response:
    return service.client.post("/token", data={"username": "ada@example.com", "password": PASSWORD})


def assert_is_unavailable(response: httpx2.Response) -> None:
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    body: dict[str, Any] = response.json()
    assert set(body) == {"data", "status_code", "is_error", "error_message", "meta"}
    assert body["is_error"] is True
    assert body["data"]["detail"] == body["error_message"]
    assert body["data"]["code"] in {"database_unavailable", "processing_timeout"}
    for secret in ("SELECT", "INSERT", "127.0.0.1", "sql", "port", "Traceback", ".db"):
        assert secret not in response.text
