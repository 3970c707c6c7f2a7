"""Draining and stopping the queue."""

import asyncio
import threading

import pytest

from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels.queues import EventQueue

from ..support.events import Listener
from ..support.events import emit_all
from ..support.events import errors_in
from ..support.events import handle_forever
from ..support.events import run
from ..support.servers import DEADLINE_S


def test_draining_handles_all_queued_events(event_queue: EventQueue) -> None:
    listener = Listener()

    async def handle(event: pyd.Event) -> None:
        await asyncio.sleep(0)
        await listener.handle(event)

    async def during() -> None:
        emit_all(*range(50))

    run([handle], during)
    assert listener.user_ids == list(range(50))
    assert event_queue.qsize() == 0


def test_draining_waits_for_a_running_handler() -> None:
    listener = Listener()
    running = asyncio.Event()

    async def handle(event: pyd.Event) -> None:
        running.set()
        for _ in range(10):
            await asyncio.sleep(0)
        await listener.handle(event)

    async def during() -> None:
        emit_all(7)
        await running.wait()

    run([handle], during)
    assert listener.user_ids == [7]


def test_an_idle_worker_stops() -> None:
    async def serve() -> tuple[int, bool]:
        queues.event_queue.bind()
        worker = asyncio.create_task(queues.event_worker({}))
        await asyncio.sleep(0)
        await asyncio.wait_for(queues.drain(), DEADLINE_S)
        lost = await queues.stop()
        worker.cancel()
        await asyncio.wait({worker}, timeout=DEADLINE_S)
        return lost, worker.cancelled()

    assert asyncio.run(serve()) == (0, True)


def test_stopping_returns_the_number_of_events_that_were_not_handled() -> None:
    emit_all(7, 8)
    assert run([handle_forever], within_s=0.05) == 2


def test_the_queue_can_be_opened_again_on_another_event_loop() -> None:
    listener = Listener()

    async def serve() -> None:
        queues.open_queue()
        worker = asyncio.create_task(queues.event_worker({event_types.USER_DELETED: [listener.handle]}))
        emit_all(7)
        await queues.drain()
        worker.cancel()
        await asyncio.wait({worker})

    for _ in range(2):
        asyncio.run(serve())
    assert listener.user_ids == [7, 7]


def test_emitting_from_a_thread_after_the_loop_is_closed_is_logged_and_raises_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run([])
    thread = threading.Thread(target=emit_all, args=(7,))
    thread.start()
    thread.join(DEADLINE_S)
    [record] = errors_in(caplog)
    assert "lost" in record.getMessage()
