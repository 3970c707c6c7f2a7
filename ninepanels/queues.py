"""The event queue and its worker.

`emit()` puts an event on `event_queue` from any thread. `event_worker()` logs each event and passes it to the queue of
each handler of the event type, so that a handler that fails or hangs delays no other handler.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from itertools import repeat

from . import clock
from . import event_types
from . import exceptions
from . import ids
from . import pydmodels as pyd
from .observability import logs
from .observability import prometheus
from .observability import request_ids

CAPACITY = 20_000
HANDLER_CONCURRENCY = 8
HANDLER_TIMEOUT_S = 30.0
RETRY_DELAYS_S: tuple[float, ...] = (0.1, 0.5, 2.0, 5.0, 5.0)
HEARTBEAT_S = 1.0
GATHER_S = 0.02
MAX_EVENTS_PER_TURN = 100
DRAIN_POLL_S = 0.005
CANCEL_TIMEOUT_S = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batched:
    """A handler that gets a list of events instead of a single one.

    The handler is called when `max_events` events wait, or at the latest `max_wait_s` after the first of them. While it
    raises Unavailable, the call is retried without end, and the queue of the handler drops timings beyond CAPACITY.
    """

    handler: Callable[[Sequence[pyd.Event]], Awaitable[None]]
    max_events: int
    max_wait_s: float


Handler = Callable[[pyd.Event], Awaitable[None]]
Dispatcher = Mapping[str, Sequence[Handler | Batched]]


class EventQueue(asyncio.Queue[pyd.Event]):
    """The events that wait for the worker. A full queue drops and counts timings, and accepts all other events."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread_id: int | None = None
        self.last_heartbeat = time.monotonic()
        self.handler_queues: dict[Handler | Batched, HandlerQueue] = {}

    def bind(self) -> None:
        """Bind the queue to the running event loop, through which other threads add their events."""
        self.loop, self.thread_id = asyncio.get_running_loop(), threading.get_ident()

    def accept(self, event: pyd.Event) -> None:
        """Append an event, or drop it if it is a timing and the queue is full."""
        if _may_drop(event, self.qsize()):
            prometheus.events_dropped.labels(event.type, "queue").inc()
        else:
            self.put_nowait(event)

    def heartbeat_age_s(self) -> float:
        """Return the seconds since the worker's last heartbeat."""
        return time.monotonic() - self.last_heartbeat


class HandlerQueue:
    """The events that wait for one handler, and the tasks that call it."""

    def __init__(self, handler: Handler | Batched) -> None:
        self.waiting: deque[pyd.Event] = deque()
        self.tasks: set[asyncio.Task[None]] = set()
        self.in_flight = 0
        self.batch_requested = asyncio.Event()
        self.batched = handler if isinstance(handler, Batched) else None
        self.max_tasks = 1 if self.batched else HANDLER_CONCURRENCY
        self.name = _name(handler)
        self._call = handler.handler if isinstance(handler, Batched) else lambda events: handler(events[0])
        self._handled = prometheus.events_handled.labels(self.name)
        self._failed = prometheus.events_failed.labels(self.name)
        self._retried = prometheus.events_retried.labels(self.name)

    def put(self, event: pyd.Event) -> None:
        """Append an event, or drop it if it is a timing and the queue is full."""
        if _may_drop(event, len(self.waiting)):
            prometheus.events_dropped.labels(event.type, "handler").inc()
            return
        self.waiting.append(event)
        if self.batched and len(self.waiting) >= self.batched.max_events:
            self.batch_requested.set()
        self._start_task()

    def _start_task(self) -> None:
        if self.waiting and len(self.tasks) < self.max_tasks:
            task = asyncio.create_task(self._run(), name=self.name)
            self.tasks.add(task)
            task.add_done_callback(self._end_task)

    def _end_task(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._start_task()

    async def _run(self) -> None:
        while self.waiting:
            events = await self._next_batch(self.batched) if self.batched else [self.waiting.popleft()]
            self.in_flight += len(events)
            try:
                await self._handle(events)
            except asyncio.CancelledError:
                # Put the events back, so that the next task handles them again.
                self.waiting.extendleft(reversed(events))
                raise
            finally:
                self.in_flight -= len(events)

    async def _next_batch(self, batched: Batched) -> list[pyd.Event]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(batched.max_wait_s):
                await self.batch_requested.wait()
        batch = [self.waiting.popleft() for _ in range(min(len(self.waiting), batched.max_events))]
        if len(self.waiting) < batched.max_events:
            self.batch_requested.clear()
        return batch

    async def _handle(self, events: Sequence[pyd.Event]) -> None:
        """Call the handler. While it raises Unavailable, retry with delays; log the exception of the last attempt."""
        delays_s = chain(RETRY_DELAYS_S, repeat(RETRY_DELAYS_S[-1]) if self.batched else [None])
        for attempt, delay_s in enumerate(delays_s, start=1):
            try:
                async with asyncio.timeout(HANDLER_TIMEOUT_S):
                    await self._call(events)
            except Exception as error:
                if not isinstance(error, exceptions.Unavailable) or delay_s is None:
                    self._failed.inc(len(events))
                    about = {"event": events[0], "handler": self.name, "attempts": attempt}
                    log.exception("An event handler failed for %d events", len(events), extra=about)
                    return
                self._retried.inc(len(events))
                log.warning("%s is retried in %.1f s (%s)", self.name, delay_s, error.context_msg)
                await asyncio.sleep(delay_s)
            else:
                self._handled.inc(len(events))
                return


event_queue = EventQueue()


def open_queue() -> None:
    """Replace the queue by an empty one that belongs to the running event loop."""
    global event_queue
    event_queue = EventQueue()
    event_queue.bind()


def emit(payload: pyd.EventPayload) -> None:
    """Put an event on the queue, from any thread. In a transaction, call `UnitOfWork.emit` instead."""
    now = clock.now()
    event = pyd.Event(
        event_id=ids.uuid7(now),
        created_at=now,
        request_id=request_ids.current.get(),
        type=payload.type,
        payload=payload,
    )
    queue = event_queue
    if queue.loop is None or queue.thread_id == threading.get_ident():
        queue.accept(event)
        return
    try:
        queue.loop.call_soon_threadsafe(queue.accept, event)
    except RuntimeError:
        log.exception("An event is lost because its event loop is closed", extra={"event": event})


async def event_worker(dispatcher: Dispatcher) -> None:
    """Log each event and pass it to the queues of its handlers, until the task is cancelled.

    Holds no event across an await, so cancellation loses none.
    """
    queue = event_queue
    while True:
        queue.last_heartbeat = time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_S):
                _dispatch(queue, dispatcher, await queue.get())
        # Lets events gather: a wake-up for each event would delay requests more than handling the event does.
        await asyncio.sleep(GATHER_S if queue.empty() else 0)


def _dispatch(queue: EventQueue, dispatcher: Dispatcher, first: pyd.Event) -> None:
    """Pass `first` and the events behind it, at most MAX_EVENTS_PER_TURN in all, to the queues of their handlers."""
    events = [first, *(queue.get_nowait() for _ in range(min(queue.qsize(), MAX_EVENTS_PER_TURN - 1)))]
    with logs.LineHandler.together():
        for event in events:
            log.log(event.payload.log_level, "%s", event.type, extra={"event": event})
            for handler in dispatcher[event.type]:
                if handler not in queue.handler_queues:
                    queue.handler_queues[handler] = HandlerQueue(handler)
                queue.handler_queues[handler].put(event)


def depth() -> int:
    """Return the number of events that wait for the worker or for a handler."""
    return event_queue.qsize() + sum(len(each.waiting) for each in event_queue.handler_queues.values())


async def drain() -> None:
    """Wait until all events are handled, including those that their handlers emit."""
    while not event_queue.empty() or any(each.tasks for each in event_queue.handler_queues.values()):
        for each in event_queue.handler_queues.values():
            each.batch_requested.set()
        await asyncio.sleep(DRAIN_POLL_S)


async def stop() -> int:
    """Cancel the handlers and return the number of events that are not handled."""
    queues = event_queue.handler_queues.values()
    lost = depth() + sum(each.in_flight for each in queues)
    for each in queues:
        each.max_tasks = 0
    tasks = {task for each in queues for task in each.tasks}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=CANCEL_TIMEOUT_S)
    return lost


def _may_drop(event: pyd.Event, waiting: int) -> bool:
    return event.type == event_types.TIMING_CREATED and waiting >= CAPACITY


def _name(handler: Handler | Batched) -> str:
    """Return the handler's name in logs and metrics: its module and function, without bound arguments."""
    function: object = handler.handler if isinstance(handler, Batched) else handler
    function = getattr(function, "func", function)
    module = getattr(function, "__module__", "").rpartition(".")[2]
    return f"{module}.{getattr(function, '__name__', repr(function))}"
