"""Whatever befalls the timings, no request feels it, what is lost is counted, and it mends itself."""

import asyncio
import threading

import pytest
from sqlalchemy import func
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels import sqlmodels as sql
from ninepanels import supervision
from ninepanels import timing_buffer
from ninepanels.database import database
from ninepanels.dispatcher import dispatcher

from .people import data
from .pipeline import finish_events
from .routes.test_instruments import value
from .servers import wait_for

PLENTY = 60


def answered(client: TestClient, how_many: int = PLENTY) -> None:
    """Send requests; each has to be answered as if nothing were wrong."""
    for _ in range(how_many):
        data(client.get("/health/live"))


def kept() -> int:
    with database.reading() as connection:
        live = select(func.count()).where(sql.Timing.path == "/health/live")
        return connection.scalar(live) or 0


def dropped(client: TestClient, place: str) -> float:
    return value(client, "events_dropped_total", type=event_types.TIMING_CREATED, place=place)


@pytest.mark.parametrize("name", ["event_worker", "timing_writer"])
def test_a_task_killed_by_cancellation_costs_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(supervision, "RESTART_AFTER_S", 0.0)

    async def kill() -> None:
        (task,) = [task for task in asyncio.all_tasks() if task.get_name() == name]
        task.cancel()
        await asyncio.wait({task})

    before = value(client, "tasks_restarted_total", task=name)
    assert client.portal is not None
    for _ in range(3):
        answered(client, 10)
        client.portal.call(kill)
        answered(client, 10)
        data(client.get("/health/ready"))
    finish_events(client)
    assert kept() == PLENTY
    assert value(client, "tasks_restarted_total", task=name) - before == 3


def test_a_handler_that_hangs_fails_no_request_keeps_no_timing_back_and_what_it_drops_is_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()

    async def handle_timing_created_never(_event: pyd.Event) -> None:
        await may_go_on.wait()

    async def go_on() -> None:
        may_go_on.set()

    handlers = [*dispatcher[event_types.TIMING_CREATED], handle_timing_created_never]
    monkeypatch.setitem(dispatcher, event_types.TIMING_CREATED, handlers)
    monkeypatch.setattr(queues.event_queue, "capacity", 20)
    before = dropped(client, "handler")
    for _ in range(PLENTY):
        answered(client, 1)
        wait_for(lambda: not queues.event_queue)
    assert dropped(client, "handler") - before > 0
    assert client.portal is not None
    client.portal.call(timing_buffer.timing_buffer.flush)
    assert kept() == PLENTY

    client.portal.call(go_on)
    finish_events(client)
    drops = dropped(client, "handler")
    answered(client, 10)
    finish_events(client)
    assert (dropped(client, "handler"), kept()) == (drops, PLENTY + 10)


def test_a_database_that_hangs_fails_no_request_and_what_is_dropped_is_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing_buffer, "CAPACITY", 20)
    monkeypatch.setattr(timing_buffer, "BATCH", 5)
    real, hanging, may_go_on = crud.timings.add_all, threading.Event(), threading.Event()

    def add_all(*arguments: object) -> None:
        hanging.set()
        may_go_on.wait()
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(crud.timings, "add_all", add_all)
    before = dropped(client, "buffer")
    answered(client)
    hanging.wait()
    wait_for(lambda: len(timing_buffer.timing_buffer) == 20)
    assert client.portal is not None
    client.portal.call(queues.drain)
    lost = dropped(client, "buffer") - before
    assert lost >= PLENTY - 20
    may_go_on.set()
    finish_events(client)
    answered(client, 10)
    finish_events(client)
    assert 10 <= kept() <= PLENTY + 10 - (PLENTY - 20)
