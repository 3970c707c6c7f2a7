"""The time limit of endpoints that are coroutines."""

import asyncio

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from ninepanels.http import errors
from ninepanels.http.routing import APIRouter
from ninepanels.runtime import threads


def test_an_endpoint_that_takes_too_long_is_cancelled_and_answered_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "ROUTE_TIMEOUT_S", 0.05)
    router, cancelled = APIRouter(), list[bool]()

    @router.get("/")
    async def wait_forever() -> bool:
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    api = FastAPI()
    api.include_router(router)
    errors.install(api)
    response = TestClient(api).get("/")
    assert (response.status_code, cancelled) == (503, [True])
    assert response.headers["Retry-After"] == "5"
