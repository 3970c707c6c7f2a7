"""One queue of events, fed from any thread, drained by one worker on the event loop."""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

from . import clock
from . import event_types
from . import exceptions
from . import pydmodels as pyd
from . import request_ids

Handler = Callable[[pyd.Event], Awaitable[None]]
Dispatcher = Mapping[str, Sequence[Handler]]

CAPACITY = 10_000
HANDLERS_AT_ONCE = 32
HANDLER_TIMEOUT_S = 30.0
RETRY_DELAYS_S: tuple[float, ...] = (0.1, 0.5, 2.0, 5.0, 10.0)
DRAIN_TIMEOUT_S = 5.0
UNWIND_TIMEOUT_S = 1.0

log = logging.getLogger(__name__)


class EventQueue:
    """A bounded queue between threads and one event loop.

    asyncio.Queue is not for threads: what they put in it is only noticed when the loop wakes for another reason.
    A full queue takes no more timings and counts what it refused. Other events are let in all the same: each stands
    for a committed change, and there can be no more of them than the database commits.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.dropped_timings = 0
        self._events: deque[pyd.Event] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._closed = True

    def __len__(self) -> int:
        return len(self._events)

    def open(self) -> None:
        """Begin to be drained by the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Let `get` return None once everything is taken."""
        self._closed = True
        self._changed.set()

    def put(self, event: pyd.Event) -> None:
        """Append an event; from any thread, never waiting."""
        if event.type == event_types.TIMING_CREATED and len(self._events) >= self.capacity:
            self.dropped_timings += 1
            return
        self._events.append(event)
        # Asked after the append: `get` looks at the events again after it has cleared the flag.
        if self._loop is not None and not self._closed and not self._changed.is_set():
            self._loop.call_soon_threadsafe(self._changed.set)

    async def get(self) -> pyd.Event | None:
        """Wait for the next event; None when the queue is closed and empty."""
        while not self._events:
            self._changed.clear()
            if self._events:
                break
            if self._closed:
                return None
            await self._changed.wait()
        return self._events.popleft()


event_queue = EventQueue(CAPACITY)


def emit(payload: pyd.EventPayload) -> None:
    """Put an event on the queue; from any thread. What a transaction causes goes through `UnitOfWork.emit`."""
    event = pyd.Event(
        event_id=uuid.uuid4(),
        created_at=clock.now(),
        request_id=request_ids.current.get(),
        type=payload.type,
        payload=payload,
    )
    event_queue.put(event)


async def event_worker(dispatcher: Dispatcher) -> None:
    """Log each event and hand it to its handlers, until the queue is closed and empty.

    Handlers run beside each other, at most HANDLERS_AT_ONCE of them, so that one that hangs or is retried delays
    none of the others.
    """
    slots = asyncio.Semaphore(HANDLERS_AT_ONCE)
    async with asyncio.TaskGroup() as running:
        while (event := await event_queue.get()) is not None:
            log.info("%s", event.type, extra={"event": event})
            for handler in dispatcher[event.type]:
                await slots.acquire()
                running.create_task(_handle(handler, event)).add_done_callback(lambda _: slots.release())


async def stop(worker: asyncio.Task[None]) -> None:
    """Close the queue and let the worker finish what is in it, within DRAIN_TIMEOUT_S."""
    event_queue.close()
    await asyncio.wait({worker}, timeout=DRAIN_TIMEOUT_S)
    if not worker.done():
        log.error("The event queue was not drained in time; %d events, and those in hand, are lost", len(event_queue))
        worker.cancel()
        await asyncio.wait({worker}, timeout=UNWIND_TIMEOUT_S)


async def _handle(handler: Handler, event: pyd.Event) -> None:
    """Run one handler on one event; what goes wrong ends here, in one line of the log."""
    for attempt, delay in enumerate((*RETRY_DELAYS_S, None), start=1):
        try:
            await asyncio.wait_for(handler(event), HANDLER_TIMEOUT_S)
        except Exception as error:
            if isinstance(error, exceptions.Unavailable) and delay is not None:
                await asyncio.sleep(delay)
                continue
            name = getattr(handler, "__name__", repr(handler))
            about = {"event": event, "handler": name, "attempts": attempt}
            log.exception("An event handler failed", extra=about)
        return
