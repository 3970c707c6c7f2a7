"""The event queue and its worker, on real event loops and real threads."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Sequence

import pytest
from prometheus_client import REGISTRY

from ninepanels import event_types
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels.clock import now
from ninepanels.observability import request_ids
from ninepanels.queues import Batched
from ninepanels.queues import EventQueue
from ninepanels.queues import Handler

DEADLINE_S = 10
"""For what takes no time unless something is broken."""


def deleted(user_id: int) -> pyd.UserDeleted:
    return pyd.UserDeleted(user_id=user_id)


def timing() -> pyd.TimingCreated:
    return pyd.TimingCreated(
        method="GET",
        path="/",
        method_path="GET_/",
        status_code=200,
        start_ts=now(),
        stop_ts=now(),
        diff_ms=0.0,
        user_id=None,
    )


def user_of(event: pyd.Event) -> int:
    assert isinstance(event.payload, pyd.UserEvent)
    return event.payload.user_id


class Listener:
    """A handler that remembers, and knows how many events to wait for."""

    def __init__(self, expected: int = 1) -> None:
        self.expected = expected
        self.events: list[pyd.Event] = []
        self._complete = asyncio.Event()

    async def handle(self, event: pyd.Event) -> None:
        self.events.append(event)
        if len(self.events) == self.expected:
            self._complete.set()

    async def complete(self) -> None:
        await asyncio.wait_for(self._complete.wait(), DEADLINE_S)

    @property
    def users(self) -> list[int]:
        return [user_of(event) for event in self.events]


UNAVAILING = "test_queues.handle_unavailingly"


async def handle_badly(_event: pyd.Event) -> None:
    raise LookupError("no tea")


async def handle_forever(_event: pyd.Event) -> None:
    await asyncio.Event().wait()


class Unavailing:
    """A handler for which the database is away a number of times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.attempts = 0
        self.__name__ = "handle_unavailingly"

    async def __call__(self, _event: pyd.Event) -> None:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise exceptions.DatabaseUnavailable


@pytest.fixture(autouse=True)
def event_queue(monkeypatch: pytest.MonkeyPatch) -> EventQueue:
    """A queue without an event loop yet; `run` binds it to its own."""
    event_queue = EventQueue()
    monkeypatch.setattr(queues, "event_queue", event_queue)
    monkeypatch.setattr(queues, "CAPACITY", 5)
    return event_queue


def dropped(place: str) -> float:
    """How many timings were dropped so far in this process."""
    return counted("ninepanels_events_dropped_total", type=event_types.TIMING_CREATED, place=place)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


def run(
    handlers: Sequence[Handler | Batched],
    during: Callable[[], Awaitable[None]] | None = None,
    within_s: float = DEADLINE_S,
) -> int:
    """Run a worker with these handlers for USER_DELETED and TIMING_CREATED, do something, and stop it.

    Returns how many events are lost, when there is so much time to finish them.
    """

    async def serve() -> int:
        queues.event_queue.bind()
        dispatcher = {event_types.USER_DELETED: handlers, event_types.TIMING_CREATED: handlers}
        worker = asyncio.create_task(queues.event_worker(dispatcher))
        if during is not None:
            await during()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await queues.drain()
        lost = await queues.stop()
        worker.cancel()
        await asyncio.wait({worker})
        return lost

    return asyncio.run(serve())


def emit_all(*user_ids: int) -> None:
    for user_id in user_ids:
        queues.emit(deleted(user_id))


# --- Delivery -------------------------------------------------------------------------------------------------------


def test_an_event_says_what_happened_and_in_which_request(event_queue: EventQueue) -> None:
    listener = Listener()
    token = request_ids.current.set("mine")
    queues.emit(deleted(7))
    request_ids.current.reset(token)
    run([listener.handle])
    [event] = listener.events
    assert (event.type, event.request_id, event.payload) == (event_types.USER_DELETED, "mine", deleted(7))
    assert event_queue.qsize() == 0


def test_two_events_never_share_an_id() -> None:
    listener = Listener(2)
    emit_all(1, 1)
    run([listener.handle])
    assert len({event.event_id for event in listener.events}) == 2


def test_events_of_many_threads_wake_a_loop_that_sleeps() -> None:
    listener = Listener(expected=8 * 50)
    start = threading.Barrier(9)

    def emit_many(number: int) -> None:
        start.wait(DEADLINE_S)
        emit_all(*range(number * 50, number * 50 + 50))

    async def during() -> None:
        threads = [threading.Thread(target=emit_many, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        # Blocks the loop for a moment: from here on nothing but the events can wake it.
        start.wait(DEADLINE_S)
        await listener.complete()
        for thread in threads:
            thread.join(DEADLINE_S)

    run([listener.handle], during)
    assert sorted(listener.users) == list(range(8 * 50))


def test_one_event_of_a_thread_wakes_a_loop_that_has_been_idle() -> None:
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
        await listener.complete()
        thread.join(DEADLINE_S)

    run([listener.handle], during)
    assert listener.users == [7]


def test_events_of_the_loop_itself_are_delivered() -> None:
    listener = Listener(2)

    async def during() -> None:
        emit_all(1)
        await asyncio.sleep(0)
        emit_all(2)
        await listener.complete()

    run([listener.handle], during)
    assert listener.users == [1, 2]


def test_events_from_before_the_worker_are_delivered_in_order() -> None:
    listener = Listener()
    emit_all(1, 2, 3)
    run([listener.handle])
    assert listener.users == [1, 2, 3]


def test_every_handler_of_a_type_hears_the_event() -> None:
    listeners = [Listener(), Listener()]
    emit_all(7)
    run([listener.handle for listener in listeners])
    assert [listener.users for listener in listeners] == [[7], [7]]


def test_an_event_nobody_listens_to_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    emit_all(1)
    run([])
    assert not errors(caplog)


def test_every_event_is_logged_by_its_type(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ninepanels.queues")
    emit_all(7)
    run([])
    assert [record.getMessage() for record in caplog.records] == [event_types.USER_DELETED]
    assert user_of(vars(caplog.records[0])["event"]) == 7


# --- Failures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [handle_badly, Unavailing(failures=1_000)])
def test_a_handler_that_fails_reaches_no_other_handler_and_no_later_event(
    bad: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0,))
    before, after = Listener(), Listener()
    emit_all(1, 2)
    run([before.handle, bad, after.handle])
    assert (before.users, after.users) == ([1, 2], [1, 2])


def test_a_handler_that_fails_is_logged_once_with_all_there_is_to_know(caplog: pytest.LogCaptureFixture) -> None:
    emit_all(7)
    run([handle_badly])
    [record] = errors(caplog)
    about = vars(record)
    assert (user_of(about["event"]), about["handler"], about["attempts"]) == (7, "test_queues.handle_badly", 1)
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError


def test_a_handler_is_tried_again_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0, 0.0))
    handler = Unavailing(failures=3)
    emit_all(7)
    run([handler])
    assert handler.attempts == 4
    assert not errors(caplog)


def test_a_database_that_stays_away_is_logged_once_after_the_last_attempt(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0))
    handler = Unavailing(failures=1_000)
    emit_all(7)
    run([handler])
    [record] = errors(caplog)
    about = vars(record)
    assert handler.attempts == 3
    assert (user_of(about["event"]), about["handler"], about["attempts"]) == (7, UNAVAILING, 3)


def test_the_delays_between_attempts_grow_up_to_a_limit() -> None:
    assert list(queues.RETRY_DELAYS_S) == sorted(queues.RETRY_DELAYS_S)
    assert queues.RETRY_DELAYS_S[-1] <= 60


def test_a_failure_that_will_not_pass_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0))
    listener = Listener()

    async def handle(event: pyd.Event) -> None:
        await listener.handle(event)
        raise LookupError

    emit_all(7)
    run([handle])
    assert listener.users == [7]


def test_a_handler_that_hangs_on_everything_delays_no_other_handler() -> None:
    how_many = 3 * queues.HANDLER_CONCURRENCY
    listener = Listener(how_many)

    async def during() -> None:
        emit_all(*range(how_many))
        # The other one hangs all the while: its own time limit is longer than the deadline of this.
        await listener.complete()

    lost = run([handle_forever, listener.handle], during, within_s=0)
    assert listener.users == list(range(how_many))
    assert lost == how_many


def test_a_handler_that_hangs_is_given_up_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queues, "HANDLER_TIMEOUT_S", 0.05)
    emit_all(7)
    run([handle_forever])
    [record] = errors(caplog)
    assert vars(record)["handler"] == "test_queues.handle_forever"


def test_an_event_behind_those_a_handler_hangs_on_is_handled_when_they_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queues, "HANDLER_TIMEOUT_S", 0.05)
    monkeypatch.setattr(queues, "HANDLER_CONCURRENCY", 2)
    listener = Listener()

    async def handle(event: pyd.Event) -> None:
        await (listener.handle(event) if user_of(event) == 3 else handle_forever(event))

    emit_all(1, 2, 3)
    run([handle])
    assert listener.users == [3]


def test_what_becomes_of_events_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0))
    names = {"handled": 1, "retried": 2, "failed": 0}
    before = {name: counted(f"ninepanels_events_{name}_total", handler=UNAVAILING) for name in names}
    emit_all(7)
    run([Unavailing(failures=2)])
    after = {name: counted(f"ninepanels_events_{name}_total", handler=UNAVAILING) for name in names}
    assert {name: after[name] - before[name] for name in names} == names


def test_a_handler_that_gives_up_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0,))
    before = counted("ninepanels_events_failed_total", handler=UNAVAILING)
    emit_all(7)
    run([Unavailing(failures=2)])
    assert counted("ninepanels_events_failed_total", handler=UNAVAILING) - before == 1


# --- A worker that is killed ------------------------------------------------------------------------------------------


def test_a_worker_that_is_killed_takes_no_event_along() -> None:
    listener = Listener(8)

    async def serve() -> None:
        queues.event_queue.bind()
        for number in range(4):
            worker = asyncio.create_task(queues.event_worker({event_types.USER_DELETED: [listener.handle]}))
            emit_all(2 * number, 2 * number + 1)
            # Once before it runs, once when it has taken an event, once when it has both, once when it waits.
            for _ in range(number):
                await asyncio.sleep(0)
            worker.cancel()
            await asyncio.wait({worker})
        worker = asyncio.create_task(queues.event_worker({event_types.USER_DELETED: [listener.handle]}))
        await listener.complete()
        await queues.stop()
        worker.cancel()
        await asyncio.wait({worker})

    asyncio.run(serve())
    assert sorted(listener.users) == list(range(8))


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
        await listener.complete()

    assert run([handle], during) == 0
    assert listener.users == [1, 2, 3]


def test_a_worker_that_has_nothing_to_do_gives_signs_of_life(
    event_queue: EventQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "HEARTBEAT_S", 0.01)

    async def during() -> None:
        seen: set[float] = set()
        while len(seen) < 3:
            seen.add(event_queue.last_heartbeat)
            await asyncio.sleep(0)

    run([], during)


# --- The bound ------------------------------------------------------------------------------------------------------


def test_a_full_queue_drops_timings_and_counts_them(event_queue: EventQueue) -> None:
    before = dropped("queue")
    for _ in range(8):
        queues.emit(timing())
    assert (event_queue.qsize(), dropped("queue") - before) == (5, 3)


def test_a_full_queue_takes_everything_else(event_queue: EventQueue) -> None:
    before = dropped("queue")
    for _ in range(6):
        queues.emit(timing())
    emit_all(1, 2, 3)
    assert (event_queue.qsize(), dropped("queue") - before) == (8, 1)


def test_a_queue_filled_by_other_events_drops_timings_too(event_queue: EventQueue) -> None:
    before = dropped("queue")
    emit_all(*range(5))
    queues.emit(timing())
    assert (event_queue.qsize(), dropped("queue") - before) == (5, 1)


def test_a_queue_that_has_room_again_takes_timings_again(event_queue: EventQueue) -> None:
    before = dropped("queue")
    for _ in range(6):
        queues.emit(timing())
    run([])
    queues.emit(timing())
    assert (event_queue.qsize(), dropped("queue") - before) == (1, 1)


def test_a_handler_that_hangs_lets_no_more_timings_wait_than_the_queue_would(event_queue: EventQueue) -> None:
    before = dropped("handler")

    async def during() -> None:
        for _ in range(3):
            for _ in range(queues.CAPACITY):
                queues.emit(timing())
            while not event_queue.empty():  # noqa: ASYNC110 - the queue says nothing when it is empty
                await asyncio.sleep(0)

    lost = run([handle_forever], during, within_s=0)
    # 15 were emitted: 8 are in its hands, 5 wait, 2 have no room.
    assert (lost, dropped("handler") - before) == (queues.HANDLER_CONCURRENCY + queues.CAPACITY, 2)


# --- The end --------------------------------------------------------------------------------------------------------


def test_stopping_finishes_what_is_in_the_queue(event_queue: EventQueue) -> None:
    listener = Listener()

    async def handle(event: pyd.Event) -> None:
        await asyncio.sleep(0)
        await listener.handle(event)

    async def during() -> None:
        emit_all(*range(50))

    run([handle], during)
    assert listener.users == list(range(50))
    assert event_queue.qsize() == 0


def test_stopping_finishes_a_handler_that_is_at_work() -> None:
    listener = Listener()
    at_work = asyncio.Event()

    async def handle(event: pyd.Event) -> None:
        at_work.set()
        for _ in range(10):
            await asyncio.sleep(0)
        await listener.handle(event)

    async def during() -> None:
        emit_all(7)
        await at_work.wait()

    run([handle], during)
    assert listener.users == [7]


def test_stopping_an_idle_worker_needs_no_event() -> None:
    async def during() -> None:
        await asyncio.sleep(0)

    run([], during)


def test_stopping_gives_up_on_what_takes_too_long_and_says_how_much_that_is() -> None:
    emit_all(7, 8)
    assert run([handle_forever], within_s=0.05) == 2


def test_a_queue_can_be_opened_on_another_loop() -> None:
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
    assert listener.users == [7, 7]


def test_emitting_from_a_thread_after_the_loop_is_closed_raises_nothing_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run([])
    thread = threading.Thread(target=emit_all, args=(7,))
    thread.start()
    thread.join(DEADLINE_S)
    [record] = errors(caplog)
    assert "lost" in record.getMessage()


# --- Batches ----------------------------------------------------------------------------------------------------------


class BatchListener:
    """A batch handler that records the sizes of its batches, and fails a number of times before."""

    def __init__(self, failures: int = 0, error: type[Exception] = exceptions.DatabaseUnavailable) -> None:
        self.failures = failures
        self.error = error
        self.batches: list[list[int]] = []

    async def handle(self, events: Sequence[pyd.Event]) -> None:
        if self.failures:
            self.failures -= 1
            raise self.error
        self.batches.append([user_of(event) for event in events])

    def batched(self, max_events: int = 3, max_wait_s: float = 1_000.0) -> Batched:
        return Batched(self.handle, max_events, max_wait_s)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0.001)


def test_a_full_batch_is_handled_at_once_and_the_rest_waits() -> None:
    listener = BatchListener()

    async def during() -> None:
        emit_all(*range(7))
        await until(lambda: len(listener.batches) == 2)

    run([listener.batched()], during)
    assert listener.batches == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_batch_that_does_not_fill_up_is_handled_after_a_while() -> None:
    listener = BatchListener()

    async def during() -> None:
        emit_all(7)
        await until(lambda: listener.batches)

    run([listener.batched(max_wait_s=0.01)], during)
    assert listener.batches == [[7]]


def test_a_batch_is_retried_until_it_succeeds_while_the_database_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0))
    listener = BatchListener(failures=20)
    emit_all(1, 2)
    assert run([listener.batched()]) == 0
    assert listener.batches == [[1, 2]]
    assert not errors(caplog)


def test_a_batch_that_fails_is_logged_and_the_next_one_is_handled(caplog: pytest.LogCaptureFixture) -> None:
    listener = BatchListener(failures=1, error=LookupError)
    emit_all(1, 2, 3)
    run([listener.batched(max_events=2)])
    assert listener.batches == [[3]]
    [record] = errors(caplog)
    assert record.getMessage() == "An event handler failed for 2 events"


def test_a_batch_whose_task_is_cancelled_is_handled_by_the_next_one() -> None:
    listener = BatchListener()
    started = asyncio.Event()

    async def handle(events: Sequence[pyd.Event]) -> None:
        if not started.is_set():
            started.set()
            await asyncio.Event().wait()
        await listener.handle(events)

    async def during() -> None:
        emit_all(1, 2)
        await started.wait()
        (task,) = (task for each in queues.event_queue.handler_queues.values() for task in each.tasks)
        task.cancel()

    assert run([Batched(handle, 2, 1_000.0)], during) == 0
    assert listener.batches == [[1, 2]]
