"""One queue of events, fed from any thread, drained by one worker on the event loop."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

from . import clock
from . import event_types
from . import exceptions
from . import ids
from . import instruments
from . import logs
from . import pydmodels as pyd
from . import request_ids

Handler = Callable[[pyd.Event], Awaitable[None]]
Dispatcher = Mapping[str, Sequence[Handler]]

CAPACITY = 10_000
RUNS_AT_ONCE = 8
HANDLER_TIMEOUT_S = 30.0
RETRY_DELAYS_S: tuple[float, ...] = (0.1, 0.5, 2.0, 5.0, 10.0)
HEARTBEAT_EVERY_S = 1.0
PAUSE_S = 0.02
BUNCH = 100
DRAIN_POLL_S = 0.005
UNWIND_S = 0.5

log = logging.getLogger(__name__)


class EventQueue:
    """A bounded queue between threads and one event loop.

    asyncio.Queue is not for threads: what they put in it is only noticed when the loop wakes for another reason.
    A full queue takes no more timings and counts what it refused; other events are let in all the same.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.closed = True
        self.looked_at = time.monotonic()
        """When the worker last came for events: its sign of life."""
        self._events: deque[pyd.Event] = deque()
        self.awaited = asyncio.Event()
        """Set while somebody waits until everything is handled."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    def open(self) -> None:
        """Begin to be drained by the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._changed, self.awaited = asyncio.Event(), asyncio.Event()
        self.closed = False
        self.looked_at = time.monotonic()

    def close(self) -> None:
        """Let whoever waits for an event wait no longer."""
        self.closed = True
        self._changed.set()

    def put(self, event: pyd.Event) -> None:
        """Append an event; from any thread, never waiting."""
        if _may_be_dropped(event) and len(self._events) >= self.capacity:
            instruments.events_dropped.labels(event.type, "queue").inc()
            return
        self._events.append(event)
        # Asked after the append: `wait` looks at the events again after it has cleared the flag.
        if self._loop is not None and not self.closed and not self._changed.is_set():
            self._loop.call_soon_threadsafe(self._changed.set)

    def clear(self) -> None:
        """Give up what is in it."""
        self._events.clear()

    def looked_at_s_ago(self) -> float:
        """Return for how many seconds the worker has given no sign of life."""
        return time.monotonic() - self.looked_at

    def take(self, at_most: int) -> Iterator[pyd.Event]:
        """Return the events there are now, oldest first."""
        for _ in range(min(at_most, len(self._events))):
            yield self._events.popleft()

    async def wait(self, at_most_s: float) -> None:
        """Wait until there is an event, or none will come any more, or the time has passed."""
        self.looked_at = time.monotonic()
        self._changed.clear()
        if self._events or self.closed:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._changed.wait()

    async def pause(self, for_s: float) -> None:
        """Let events gather for a while, unless there are some already, or somebody waits for the last of them."""
        if self._events or self.closed:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await self.awaited.wait()


event_queue = EventQueue(CAPACITY)


class Lane:
    """One handler and the events that wait for it.

    Each handler has its own, so that one that hangs or fails delays none of the others. At most RUNS_AT_ONCE events
    are in its hands; a full lane takes no more timings, as a full queue does not.
    """

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.waiting: deque[pyd.Event] = deque()
        self.running: set[asyncio.Task[None]] = set()
        self.in_hand = 0
        self._about_to_begin = False
        self.name = f"{handler.__module__.rpartition('.')[2]}.{getattr(handler, '__name__', repr(handler))}"
        self._handled = instruments.events_handled.labels(self.name)
        self._failed = instruments.events_failed.labels(self.name)
        self._retried = instruments.events_retried.labels(self.name)

    def add(self, event: pyd.Event) -> None:
        """Let the handler have an event as soon as it can."""
        if _may_be_dropped(event) and len(self.waiting) >= event_queue.capacity:
            instruments.events_dropped.labels(event.type, "handler").inc()
            return
        self.waiting.append(event)
        self._start_another()

    def _start_another(self) -> None:
        # One that has not begun takes what waits: a handler that never waits itself is done with a bunch in one run.
        if self.waiting and not self._about_to_begin and len(self.running) < RUNS_AT_ONCE:
            self._about_to_begin = True
            run = asyncio.create_task(self._run())
            self.running.add(run)
            run.add_done_callback(self._ended)

    def _ended(self, run: asyncio.Task[None]) -> None:
        self.running.discard(run)
        # Killed before it began, perhaps.
        self._about_to_begin = self._about_to_begin and not run.cancelled()
        self._start_another()

    async def _run(self) -> None:
        self._about_to_begin = False
        while self.waiting:
            event = self.waiting.popleft()
            self._start_another()
            self.in_hand += 1
            try:
                await self._handle(event)
            except asyncio.CancelledError:
                self._failed.inc()
                raise
            finally:
                self.in_hand -= 1

    async def _handle(self, event: pyd.Event) -> None:
        """Run the handler on one event; what goes wrong ends here, in one line of the log."""
        for attempt, delay in enumerate((*RETRY_DELAYS_S, None), start=1):
            try:
                async with asyncio.timeout(HANDLER_TIMEOUT_S):
                    await self.handler(event)
                self._handled.inc()
            except Exception as error:
                if isinstance(error, exceptions.Unavailable) and delay is not None:
                    self._retried.inc()
                    await asyncio.sleep(delay)
                    continue
                self._failed.inc()
                log.exception(
                    "An event handler failed", extra={"event": event, "handler": self.name, "attempts": attempt}
                )
            return


class Lanes:
    """What the worker has given to handlers; it outlives a worker that is killed."""

    def __init__(self) -> None:
        self._lanes: dict[Handler, Lane] = {}

    @property
    def waiting(self) -> int:
        """How many events wait for their handler."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    @property
    def in_hand(self) -> int:
        """How many events handlers are at."""
        return sum(lane.in_hand for lane in self._lanes.values())

    @property
    def running(self) -> set[asyncio.Task[None]]:
        """The handlers at work."""
        return {run for lane in self._lanes.values() for run in lane.running}

    def add(self, handler: Handler, event: pyd.Event) -> None:
        """Let a handler have an event as soon as it can."""
        if handler not in self._lanes:
            self._lanes[handler] = Lane(handler)
        self._lanes[handler].add(event)

    async def stop(self) -> None:
        """Give up what waits, and what is in hand."""
        running = self.running
        for lane in self._lanes.values():
            lane.waiting.clear()
        self._lanes.clear()
        for run in running:
            run.cancel()
        if running:
            await asyncio.wait(running, timeout=UNWIND_S)


lanes = Lanes()


def _may_be_dropped(event: pyd.Event) -> bool:
    return event.type == event_types.TIMING_CREATED


def emit(payload: pyd.EventPayload) -> None:
    """Put an event on the queue; from any thread. What a transaction causes goes through `UnitOfWork.emit`."""
    now = clock.now()
    event = pyd.Event(
        event_id=ids.make_in_order(now),
        created_at=now,
        request_id=request_ids.current.get(),
        type=payload.type,
        payload=payload,
    )
    event_queue.put(event)


async def event_worker(dispatcher: Dispatcher) -> None:
    """Log each event and hand it to its handlers, until the queue is closed and empty.

    It has nothing in its hands when it waits, so that one that is killed takes no event along.
    """
    while event_queue or not event_queue.closed:
        await event_queue.wait(HEARTBEAT_EVERY_S)
        with logs.LineHandler.together():
            for event in event_queue.take(BUNCH):
                log.log(event.payload.log_level, "%s", event.type, extra={"event": event})
                for handler in dispatcher[event.type]:
                    lanes.add(handler, event)
        # What comes now is taken together: to wake up for each event costs the requests more than the events do. What
        # came in a longer while would hold them up at once.
        await event_queue.pause(PAUSE_S)


def depth() -> int:
    """Return how many events wait: for the worker, or for a handler."""
    return len(event_queue) + lanes.waiting


async def drain() -> None:
    """Wait until every event so far is handled, and what they caused."""
    event_queue.awaited.set()
    try:
        while event_queue or lanes.running:
            await (asyncio.wait(lanes.running) if lanes.running else asyncio.sleep(DRAIN_POLL_S))
    finally:
        event_queue.awaited.clear()


async def stop() -> int:
    """Let the worker come to its end, give up what is not handled by now, and return how many events that is."""
    event_queue.close()
    lost = depth() + lanes.in_hand
    event_queue.clear()
    await lanes.stop()
    return lost
