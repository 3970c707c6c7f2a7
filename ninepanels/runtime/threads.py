"""The threads that execute blocking calls, and the time limit on each call."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec
from typing import TypeVar

from .. import exceptions

P = ParamSpec("P")
T = TypeVar("T")

ROUTE_TIMEOUT_S = 5.0
MONITORING_TIMEOUT_S = 2.0


class Threads:
    """A thread pool; `main` starts and stops it.

    Args:
        name: the prefix of the threads' names.
        timeout_s: the time limit of a call, including the time it waits for a thread.
    """

    def __init__(self, name: str, timeout_s: float) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._executor: ThreadPoolExecutor | None = None

    def start(self, count: int) -> None:
        """Create the pool; its threads are started on demand."""
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=self._name)

    def stop(self) -> None:
        """Discard the calls that wait for a thread. Calls in a thread run on, but are not waited for."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = None

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Execute a call in a thread, with the context variables of the caller, and return its result.

        Raises:
            NotReady: the pool is not started.
            ThreadTimeout: the time limit was exceeded. A call that is in a thread by then runs on.
        """
        if self._executor is None:
            raise exceptions.NotReady(context_msg=f"the {self._name} threads are not started")
        bound = partial(copy_context().run, call, *args, **kwargs)
        try:
            async with asyncio.timeout(self._timeout_s) as timeout:
                return await asyncio.get_running_loop().run_in_executor(self._executor, bound)
        except TimeoutError as error:
            if not timeout.expired():
                raise
            raise exceptions.ThreadTimeout(context_msg=f"no result from the {self._name} threads in time") from error


route_threads = Threads("route", ROUTE_TIMEOUT_S)
monitoring_threads = Threads("monitoring", MONITORING_TIMEOUT_S)
"""Reserved for health and metrics, which must answer while all route threads wait for the database."""
