"""Events reach the handlers of their type, from every thread."""

import asyncio
import logging
import threading

import pytest

from ninepanels import event_types
from ninepanels import queues
from ninepanels.observability import request_ids
from ninepanels.queues import EventQueue

from ..support.events import Listener
from ..support.events import emit_all
from ..support.events import errors_in
from ..support.events import run
from ..support.events import user_deleted
from ..support.events import user_id_of
from ..support.servers import DEADLINE_S


def test_an_event_has_a_type_a_payload_and_the_id_of_its_request(event_queue: EventQueue) -> None:
    listener = Listener()
    token = request_ids.current.set("mine")
    queues.emit(user_deleted(7))
    request_ids.current.reset(token)
    run([listener.handle])
    [event] = listener.events
    assert (event.type, event.request_id, event.payload) == (event_types.USER_DELETED, "mine", user_deleted(7))
    assert event_queue.qsize() == 0


def test_event_ids_are_unique() -> None:
    listener = Listener(2)
    emit_all(1, 1)
    run([listener.handle])
    assert len({event.event_id for event in listener.events}) == 2


def test_events_of_many_threads_wake_an_idle_loop() -> None:
    listener = Listener(expected=8 * 50)
    start = threading.Barrier(9)

    def emit_many(number: int) -> None:
        start.wait(DEADLINE_S)
        emit_all(*range(number * 50, number * 50 + 50))

    async def during() -> None:
        threads = [threading.Thread(target=emit_many, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        # Blocks the loop until all threads are ready. After that, only events can wake it.
        start.wait(DEADLINE_S)
        await listener.wait_until_complete()
        for thread in threads:
            thread.join(DEADLINE_S)

    run([listener.handle], during)
    assert sorted(listener.user_ids) == list(range(8 * 50))


def test_a_single_event_of_a_thread_wakes_an_idle_loop() -> None:
    listener = Listener()
    idle = threading.Event()

    def emit_when_idle() -> None:
        idle.wait(DEADLINE_S)
        emit_all(7)

    async def during() -> None:
        thread = threading.Thread(target=emit_when_idle)
        thread.start()
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(idle.set)
        await listener.wait_until_complete()
        thread.join(DEADLINE_S)

    run([listener.handle], during)
    assert listener.user_ids == [7]


def test_events_emitted_in_the_event_loop_are_delivered() -> None:
    listener = Listener(2)

    async def during() -> None:
        emit_all(1)
        await asyncio.sleep(0)
        emit_all(2)
        await listener.wait_until_complete()

    run([listener.handle], during)
    assert listener.user_ids == [1, 2]


def test_events_emitted_before_the_worker_starts_are_delivered_in_order() -> None:
    listener = Listener()
    emit_all(1, 2, 3)
    run([listener.handle])
    assert listener.user_ids == [1, 2, 3]


def test_every_handler_of_a_type_gets_the_event() -> None:
    listeners = [Listener(), Listener()]
    emit_all(7)
    run([listener.handle for listener in listeners])
    assert [listener.user_ids for listener in listeners] == [[7], [7]]


def test_an_event_without_handlers_causes_no_error(caplog: pytest.LogCaptureFixture) -> None:
    emit_all(1)
    assert run([]) == 0
    assert not errors_in(caplog)


def test_every_event_is_logged_with_its_type(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ninepanels.queues")
    emit_all(7)
    run([])
    assert [record.getMessage() for record in caplog.records] == [event_types.USER_DELETED]
    assert user_id_of(vars(caplog.records[0])["event"]) == 7
