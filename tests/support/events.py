"""Event payloads, event handlers and an event worker for tests of the event queue."""

import asyncio
import contextlib
import logging
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
from ninepanels.queues import Batched
from ninepanels.queues import Handler

from .servers import DEADLINE_S

UNAVAILABLE = "events.handle_when_available"
"""The name of `UnavailableAtFirst` in logs and metrics."""


def user_deleted(user_id: int) -> pyd.UserDeleted:
    return pyd.UserDeleted(user_id=user_id)


def timing_created() -> pyd.TimingCreated:
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


def user_id_of(event: pyd.Event) -> int:
    assert isinstance(event.payload, pyd.UserEvent)
    return event.payload.user_id


def emit_all(*user_ids: int) -> None:
    """Emit USER_DELETED for each id."""
    for user_id in user_ids:
        queues.emit(user_deleted(user_id))


class Listener:
    """A handler that records its events.

    Args:
        expected: the number of events that `wait_until_complete` waits for.
    """

    def __init__(self, expected: int = 1) -> None:
        self.expected = expected
        self.events: list[pyd.Event] = []
        self._complete = asyncio.Event()

    async def handle(self, event: pyd.Event) -> None:
        self.events.append(event)
        if len(self.events) == self.expected:
            self._complete.set()

    async def wait_until_complete(self) -> None:
        await asyncio.wait_for(self._complete.wait(), DEADLINE_S)

    @property
    def user_ids(self) -> list[int]:
        return [user_id_of(event) for event in self.events]


async def handle_with_error(_event: pyd.Event) -> None:
    raise LookupError("the message")


async def handle_forever(_event: pyd.Event) -> None:
    await asyncio.Event().wait()


class UnavailableAtFirst:
    """A handler that raises DatabaseUnavailable a number of times and then succeeds."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.attempts = 0
        self.__name__ = "handle_when_available"

    async def __call__(self, _event: pyd.Event) -> None:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise exceptions.DatabaseUnavailable


def dropped(place: str) -> float:
    """Return the number of timings dropped by this process."""
    return counted("ninepanels_events_dropped_total", type=event_types.TIMING_CREATED, place=place)


def counted(name: str, **labels: str) -> float:
    """Return the value of a Prometheus counter."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def errors_in(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


def run(
    handlers: Sequence[Handler | Batched],
    during: Callable[[], Awaitable[None]] | None = None,
    within_s: float = DEADLINE_S,
) -> int:
    """Run a worker with these handlers for USER_DELETED and TIMING_CREATED, and stop it.

    Args:
        handlers: the handlers.
        during: awaited while the worker runs, before the queue is drained.
        within_s: the time limit for draining the queue.

    Returns:
        The number of events that were not handled.
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
