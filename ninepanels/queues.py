"""The event queue and its worker.

`emit()` puts an event on `event_queue` from any thread. `event_worker()` logs each event and passes it to the queue of
each of its handlers, so that a handler that fails or hangs delays no other one.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from itertools import islice
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

    It is called when `max_events` are waiting, at the latest `max_wait_s` after the first of them. While what it needs
    is unavailable it is retried without end; meanwhile its queue drops timings beyond CAPACITY.
    """

    handler: Callable[[Sequence[pyd.Event]], Awaitable[None]]
    max_events: int
    max_wait_s: float


Handler = Callable[[pyd.Event], Awaitable[None]]
Dispatcher = Mapping[str, Sequence[Handler | Batched]]


class EventQueue(asyncio.Queue[pyd.Event]):
    """The events that wait for the worker; full, it drops and counts timings and accepts other events.

    It belongs to the event loop and the thread that create it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread_id: int | None = None
        self.last_heartbeat = time.monotonic()
        self.drain_requested = asyncio.Event()
        self.handler_queues: dict[Handler | Batched, HandlerQueue] = {}

    def bind(self) -> None:
        """Accept events from other threads by way of the running event loop."""
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
        self._handler = handler
        self.name = _name(handler)
        self._handled = prometheus.events_handled.labels(self.name)
        self._failed = prometheus.events_failed.labels(self.name)
        self._retried = prometheus.events_retried.labels(self.name)

    def put(self, event: pyd.Event) -> None:
        """Append an event, or drop it if it is a timing and the queue is full."""
        if _may_drop(event, len(self.waiting)):
            prometheus.events_dropped.labels(event.type, "handler").inc()
            return
        self.waiting.append(event)
        if isinstance(self._handler, Batched) and len(self.waiting) >= self._handler.max_events:
            self.batch_requested.set()
        self._start_task()

    def _start_task(self) -> None:
        limit = 1 if isinstance(self._handler, Batched) else HANDLER_CONCURRENCY
        if self.waiting and len(self.tasks) < limit:
            run = self._run_batches(self._handler) if isinstance(self._handler, Batched) else self._run(self._handler)
            task = asyncio.create_task(run, name=self.name)
            self.tasks.add(task)
            task.add_done_callback(self._end_task)

    def _end_task(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._start_task()

    async def _run(self, handler: Handler) -> None:
        while self.waiting:
            event = self.waiting.popleft()
            self.in_flight += 1
            try:
                await self._call(partial(handler, event), [event], RETRY_DELAYS_S)
            except asyncio.CancelledError:
                self._failed.inc()
                raise
            finally:
                self.in_flight -= 1

    async def _run_batches(self, batched: Batched) -> None:
        while self.waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(batched.max_wait_s):
                    await self.batch_requested.wait()
            # The events stay in the queue until they are handled: if this task is cancelled, the next one repeats them.
            batch = list(islice(self.waiting, batched.max_events))
            await self._call(partial(batched.handler, batch), batch, chain(RETRY_DELAYS_S, repeat(RETRY_DELAYS_S[-1])))
            for _ in range(min(len(batch), len(self.waiting))):
                self.waiting.popleft()
            if len(self.waiting) < batched.max_events:
                self.batch_requested.clear()

    async def _call(
        self, call: Callable[[], Awaitable[None]], events: Sequence[pyd.Event], delays_s: Iterable[float]
    ) -> None:
        """Call the handler, and again after each delay while what it needs is unavailable; log what it raises."""
        for attempt, delay_s in enumerate(chain(delays_s, [None]), start=1):
            try:
                async with asyncio.timeout(HANDLER_TIMEOUT_S):
                    await call()
                self._handled.inc(len(events))
            except Exception as error:
                if isinstance(error, exceptions.Unavailable) and delay_s is not None:
                    self._retried.inc(len(events))
                    reason = error.context_msg
                    log.warning("%s is retried in %.1f s for %d events (%s)", self.name, delay_s, len(events), reason)
                    await asyncio.sleep(delay_s)
                    continue
                self._failed.inc(len(events))
                about = {"event": events[0], "handler": self.name, "attempts": attempt}
                log.exception("An event handler failed for %d events", len(events), extra=about)
            return


event_queue = EventQueue()


def open_queue() -> None:
    """Replace the queue by an empty one that belongs to the running event loop."""
    global event_queue
    event_queue = EventQueue()
    event_queue.bind()


def emit(payload: pyd.EventPayload) -> None:
    """Put an event on the queue, from any thread. The events of a transaction go through `UnitOfWork.emit`."""
    now = clock.now()
    event = pyd.Event(
        event_id=ids.make_in_order(now),
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
                event = await queue.get()
                _dispatch(queue, dispatcher, event)
        await _let_events_gather(queue)


async def _let_events_gather(queue: EventQueue) -> None:
    """Pause if the queue is empty: waking up for each event costs requests more than the event itself."""
    if not queue.empty():
        await asyncio.sleep(0)
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GATHER_S):
            await queue.drain_requested.wait()


def _dispatch(queue: EventQueue, dispatcher: Dispatcher, first: pyd.Event) -> None:
    """Pass an event, and up to MAX_EVENTS_PER_TURN with those that wait behind it, to the queues of their handlers."""
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
    queue = event_queue
    queue.drain_requested.set()
    try:
        while not queue.empty() or any(each.tasks for each in queue.handler_queues.values()):
            for each in queue.handler_queues.values():
                each.batch_requested.set()
            await asyncio.sleep(DRAIN_POLL_S)
    finally:
        queue.drain_requested.clear()


async def stop() -> int:
    """Cancel the handlers and return the number of events that are not handled."""
    queues = list(event_queue.handler_queues.values())
    lost = depth() + sum(each.in_flight for each in queues)
    tasks = {task for each in queues for task in each.tasks}
    event_queue.handler_queues.clear()
    for each in queues:
        each.waiting.clear()
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=CANCEL_TIMEOUT_S)
    return lost


def _may_drop(event: pyd.Event, waiting: int) -> bool:
    return event.type == event_types.TIMING_CREATED and waiting >= CAPACITY


def _name(handler: Handler | Batched) -> str:
    """Return the handler's name in logs and metrics: its module and function, without what it was bound to."""
    function: object = handler.handler if isinstance(handler, Batched) else handler
    function = getattr(function, "func", function)
    module = getattr(function, "__module__", "").rpartition(".")[2]
    return f"{module}.{getattr(function, '__name__', repr(function))}"
