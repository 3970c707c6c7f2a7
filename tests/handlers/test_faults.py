"""Faults in the handling of timings: no request fails, dropped timings are counted, and the service recovers."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import func
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import dispatcher
from ninepanels import event_types
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels import sqlmodels as sql
from ninepanels.database import database
from ninepanels.queues import Dispatcher
from ninepanels.runtime import supervision

from ..routes.test_metrics import value
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.servers import DEADLINE_S
from ..support.servers import wait_for

REQUESTS = 60


def send_requests(client: TestClient, count: int = REQUESTS) -> None:
    """Send requests; each must be answered normally."""
    for _ in range(count):
        data(client.get("/health/live"))


def written() -> int:
    with database.connection() as connection:
        live = select(func.count()).where(sql.Timing.path == "/health/live")
        return connection.scalar(live) or 0


def dropped(client: TestClient, place: str) -> float:
    return value(client, "events_dropped_total", type=event_types.TIMING_CREATED, place=place)


def cancel(client: TestClient, prefix: str) -> None:
    """Cancel the task whose name starts with `prefix`."""

    async def cancel_task() -> None:
        (task,) = [task for task in asyncio.all_tasks() if task.get_name().startswith(prefix)]
        task.cancel()
        await asyncio.wait({task})

    assert client.portal is not None
    client.portal.call(cancel_task)


def test_a_cancelled_event_worker_is_restarted_and_no_timing_is_lost(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "RESTART_DELAY_S", 0.0)
    before = value(client, "tasks_restarted_total", task="event_worker")
    for _ in range(3):
        send_requests(client, 10)
        cancel(client, "event_worker")
        send_requests(client, 10)
        data(client.get("/health/ready"))
    finish_events(client)
    assert written() == REQUESTS
    assert value(client, "tasks_restarted_total", task="event_worker") - before == 3


def test_a_cancelled_writer_of_timings_writes_each_timing_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, writing, may_go_on = crud.timings.add_all, threading.Event(), threading.Event()

    def add_all(*arguments: object) -> None:
        writing.set()
        may_go_on.wait()
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(crud.timings, "add_all", add_all)
    send_requests(client)
    assert writing.wait(DEADLINE_S), "no timing is written"
    cancel(client, "timings.handle_timing_created_for_the_database")
    may_go_on.set()
    finish_events(client)
    assert written() == REQUESTS


def test_timings_wait_while_the_database_is_unavailable_and_none_is_lost(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0,))
    real, failures = crud.timings.add_all, iter([True] * 20)

    def add_all(*arguments: object) -> None:
        if next(failures, False):
            raise exceptions.DatabaseUnavailable
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(crud.timings, "add_all", add_all)
    send_requests(client)
    finish_events(client)
    assert written() == REQUESTS


# --- Handlers that hang -----------------------------------------------------------------------------------------------


@pytest.fixture
def may_go_on() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def hanging_client(api: FastAPI, monkeypatch: pytest.MonkeyPatch, may_go_on: asyncio.Event) -> Iterator[TestClient]:
    """A client of a service with one more handler of timings, which hangs until `may_go_on`."""
    create = dispatcher.create_dispatcher

    async def handle_timing_created_never(_event: pyd.Event) -> None:
        await may_go_on.wait()

    def create_dispatcher(*arguments: object) -> Dispatcher:
        handlers = dict(create(*arguments))  # type: ignore[arg-type]
        handlers[event_types.TIMING_CREATED] = [*handlers[event_types.TIMING_CREATED], handle_timing_created_never]
        return handlers

    monkeypatch.setattr(dispatcher, "create_dispatcher", create_dispatcher)
    with TestClient(api, client=("127.0.0.1", 50_000)) as client:
        yield client


def test_a_handler_that_hangs_drops_and_counts_timings_and_delays_no_other_handler(
    hanging_client: TestClient, monkeypatch: pytest.MonkeyPatch, may_go_on: asyncio.Event
) -> None:
    client = hanging_client
    monkeypatch.setattr(queues, "CAPACITY", 20)
    before = dropped(client, "handler")

    def is_written(count: int) -> bool:
        for each in queues.event_queue.handler_queues.values():
            each.batch_requested.set()
        return written() == count

    for sent in range(1, REQUESTS + 1):
        send_requests(client, 1)
        if sent % 10 == 0:
            wait_for(lambda sent=sent: is_written(sent))  # type: ignore[misc]
    assert dropped(client, "handler") - before > 0

    async def go_on() -> None:
        may_go_on.set()

    assert client.portal is not None
    client.portal.call(go_on)
    finish_events(client)
    drops = dropped(client, "handler")
    send_requests(client, 10)
    finish_events(client)
    assert (dropped(client, "handler"), written()) == (drops, REQUESTS + 10)


def test_a_database_that_hangs_fails_no_request_and_dropped_timings_are_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "CAPACITY", 20)
    real, hanging, may_go_on = crud.timings.add_all, threading.Event(), threading.Event()

    def add_all(*arguments: object) -> None:
        hanging.set()
        may_go_on.wait()
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(crud.timings, "add_all", add_all)
    before = dropped(client, "handler") + dropped(client, "queue")
    send_requests(client, 1)
    assert hanging.wait(DEADLINE_S), "no timing is written"
    send_requests(client)
    wait_for(lambda: queues.event_queue.empty())
    assert dropped(client, "handler") + dropped(client, "queue") - before >= REQUESTS - 20
    may_go_on.set()
    finish_events(client)
    send_requests(client, 10)
    finish_events(client)
    assert 10 <= written() <= 10 + 1 + 20
