"""No event is lost when the worker or a handler is cancelled."""

import asyncio

import pytest

from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels.queues import EventQueue

from ..support.events import Listener
from ..support.events import emit_all
from ..support.events import handle_forever
from ..support.events import run
from ..support.servers import DEADLINE_S


def test_a_cancelled_worker_loses_no_event() -> None:
    listener = Listener(8)

    async def serve() -> None:
        queues.event_queue.bind()
        for number in range(4):
            worker = asyncio.create_task(queues.event_worker({event_types.USER_DELETED: [listener.handle]}))
            emit_all(2 * number, 2 * number + 1)
            # Cancelled before it runs, after the first event, after both, and while it waits.
            for _ in range(number):
                await asyncio.sleep(0)
            worker.cancel()
            await asyncio.wait({worker})
        worker = asyncio.create_task(queues.event_worker({event_types.USER_DELETED: [listener.handle]}))
        await listener.wait_until_complete()
        await queues.stop()
        worker.cancel()
        await asyncio.wait({worker})

    asyncio.run(serve())
    assert sorted(listener.user_ids) == list(range(8))


def test_the_event_of_a_cancelled_handler_is_handled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "HANDLER_CONCURRENCY", 1)
    listener = Listener(3)
    started = asyncio.Event()

    async def handle(event: pyd.Event) -> None:
        if not started.is_set():
            started.set()
            await handle_forever(event)
        await listener.handle(event)

    async def during() -> None:
        emit_all(1, 2, 3)
        await started.wait()
        (running,) = (task for each in queues.event_queue.handler_queues.values() for task in each.tasks)
        running.cancel()
        await listener.wait_until_complete()

    assert run([handle], during) == 0
    assert listener.user_ids == [1, 2, 3]


def test_an_idle_worker_updates_its_heartbeat(event_queue: EventQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "HEARTBEAT_S", 0.01)

    async def during() -> None:
        seen: set[float] = set()
        async with asyncio.timeout(DEADLINE_S):
            while len(seen) < 3:
                seen.add(event_queue.last_heartbeat)
                await asyncio.sleep(0)

    run([], during)
