"""Handlers that get batches of events."""

import asyncio
from collections.abc import Callable
from collections.abc import Sequence

import pytest

from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels.queues import Batched

from ..support.events import emit_all
from ..support.events import errors_in
from ..support.events import run
from ..support.events import user_id_of
from ..support.servers import DEADLINE_S


class BatchListener:
    """A batch handler that records its batches after a number of failures."""

    def __init__(self, failures: int = 0, error: type[Exception] = exceptions.DatabaseUnavailable) -> None:
        self.failures = failures
        self.error = error
        self.batches: list[list[int]] = []

    async def handle(self, events: Sequence[pyd.Event]) -> None:
        if self.failures:
            self.failures -= 1
            raise self.error
        self.batches.append([user_id_of(event) for event in events])

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


def test_an_incomplete_batch_is_handled_after_max_wait() -> None:
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
    assert not errors_in(caplog)


def test_a_batch_that_fails_is_logged_and_the_next_one_is_handled(caplog: pytest.LogCaptureFixture) -> None:
    listener = BatchListener(failures=1, error=LookupError)
    emit_all(1, 2, 3)
    run([listener.batched(max_events=2)])
    assert listener.batches == [[3]]
    [record] = errors_in(caplog)
    assert record.getMessage() == "An event handler failed for 2 events"


def test_the_batch_of_a_cancelled_task_is_handled_again() -> None:
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
