"""The threads that execute blocking calls, and the time limit on each call."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any
from typing import ParamSpec
from typing import TypeVar

from .. import exceptions

P = ParamSpec("P")
T = TypeVar("T")

ROUTE_TIMEOUT_S = 5.0
MONITORING_TIMEOUT_S = 2.0

_Call = tuple[asyncio.Future[Any], Callable[[], Any]]


class Threads:
    """A pool of daemon threads with a time limit per call; `main` starts and stops it.

    Every request uses this pool. `asyncio.timeout` and ThreadPoolExecutor, which makes a second future per call, would
    take 20 us more (`python -m bench.threads`): 5 % of a `GET /panels`.
    """

    def __init__(self, name: str, timeout_s: float) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._count = 0
        self._calls = SimpleQueue[_Call | None]()
        self._deadlines: dict[asyncio.Future[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self, count: int) -> None:
        """Start the threads."""
        self._count, self._calls, self._deadlines, self._timer = count, SimpleQueue(), {}, None
        for number in range(count):
            Thread(target=_execute, args=(self._calls,), name=f"{self._name}_{number}", daemon=True).start()

    def stop(self) -> None:
        """End each thread after its current call."""
        for _ in range(self._count):
            self._calls.put(None)
        self._count = 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Execute a call in a thread, with the context variables of the caller, and return its result.

        Raises:
            NotReady: the threads are not started.
            ThreadTimeout: there was no result in time. A call that a thread has started is not interrupted.
        """
        if not self._count:
            raise exceptions.NotReady(context_msg=f"the {self._name} threads are not started")
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        self._calls.put((result, partial(copy_context().run, call, *args, **kwargs)))
        if self._timer is None:
            self._timer = loop.call_later(self._timeout_s, self._expire, loop)
        self._deadlines[result] = loop.time() + self._timeout_s
        try:
            return await result
        finally:
            del self._deadlines[result]

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Fail the calls whose time is over. One timer serves all calls, because their deadlines are in order."""
        self._timer = None
        for result, deadline in self._deadlines.items():
            if deadline > loop.time():
                self._timer = loop.call_at(deadline, self._expire, loop)
                return
            if not result.done():
                context = f"no result from the {self._name} threads in time"
                result.set_exception(exceptions.ThreadTimeout(context_msg=context))


def _execute(calls: SimpleQueue[_Call | None]) -> None:
    while (item := calls.get()) is not None:
        result, call = item
        if not result.done():
            try:
                value = call()
            except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
                _settle(result, result.set_exception, error)
            else:
                _settle(result, result.set_result, value)
        # These names refer to the request, and would keep it in memory until the next call.
        del item, result, call


def _settle(result: asyncio.Future[Any], settle: Callable[[Any], None], value: object) -> None:
    # By now, the event loop may be closed and the caller may be cancelled. Nothing waits for the result then.
    with contextlib.suppress(RuntimeError):
        result.get_loop().call_soon_threadsafe(lambda: None if result.done() else settle(value))


@contextlib.asynccontextmanager
async def time_limit(timeout_s: float) -> AsyncIterator[None]:
    """Limit the duration of an endpoint that makes several calls in threads, one after the other.

    Raises:
        ThreadTimeout: the block took too long; it was cancelled. A call that a thread has started is not interrupted.
    """
    limit = asyncio.timeout(timeout_s)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise exceptions.ThreadTimeout(context_msg="the request passed several threads and took too long") from error


route_threads = Threads("route", ROUTE_TIMEOUT_S)
monitoring_threads = Threads("monitoring", MONITORING_TIMEOUT_S)
"""Reserved for the health and metrics routes, which must answer while all route threads wait for the database."""
