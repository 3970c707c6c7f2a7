"""Full queues drop and count timings, and accept other events."""

import asyncio

from ninepanels import queues
from ninepanels.queues import EventQueue

from ..support.events import dropped
from ..support.events import emit_all
from ..support.events import handle_forever
from ..support.events import run
from ..support.events import timing_created


def test_a_full_queue_drops_timings_and_counts_them(event_queue: EventQueue) -> None:
    before = dropped("queue")
    for _ in range(8):
        queues.emit(timing_created())
    assert (event_queue.qsize(), dropped("queue") - before) == (5, 3)


def test_a_full_queue_accepts_other_events(event_queue: EventQueue) -> None:
    before = dropped("queue")
    for _ in range(6):
        queues.emit(timing_created())
    emit_all(1, 2, 3)
    assert (event_queue.qsize(), dropped("queue") - before) == (8, 1)


def test_a_queue_filled_by_other_events_drops_timings(event_queue: EventQueue) -> None:
    before = dropped("queue")
    emit_all(*range(5))
    queues.emit(timing_created())
    assert (event_queue.qsize(), dropped("queue") - before) == (5, 1)


def test_a_queue_with_room_again_accepts_timings_again(event_queue: EventQueue) -> None:
    before = dropped("queue")
    for _ in range(6):
        queues.emit(timing_created())
    run([])
    queues.emit(timing_created())
    assert (event_queue.qsize(), dropped("queue") - before) == (1, 1)


def test_the_queue_of_a_hanging_handler_drops_timings_beyond_the_capacity(event_queue: EventQueue) -> None:
    before = dropped("handler")

    async def during() -> None:
        for _ in range(3):
            for _ in range(queues.CAPACITY):
                queues.emit(timing_created())
            while not event_queue.empty():  # noqa: ASYNC110 - the queue has no signal for being empty
                await asyncio.sleep(0)

    lost = run([handle_forever], during, within_s=0)
    # Of 15 events 8 are in flight, 5 wait and 2 are dropped.
    assert (lost, dropped("handler") - before) == (queues.HANDLER_CONCURRENCY + queues.CAPACITY, 2)
