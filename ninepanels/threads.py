"""The threads in which requests wait for the database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec
from typing import TypeVar

from . import exceptions

P = ParamSpec("P")
T = TypeVar("T")


class RouteThreads:
    """A pool of threads that serves requests only; `main` connects it.

    The way there and back is asyncio's own: FastAPI's (anyio's) wakes threads more often, at the cost of a query.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def connect(self, threads: int) -> None:
        """Make the pool; its threads start when they are needed."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="route_")

    def disconnect(self) -> None:
        """Let the threads end as soon as they have nothing to do."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
        self._pool = None

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a call in one of the threads returns, made on behalf of the request that is being served.

        Raises:
            NotReady: `connect` was not called, or `disconnect` was.
        """
        if self._pool is None:
            raise exceptions.NotReady(context_msg="there are no threads")
        on_behalf = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(on_behalf, call, *args, **kwargs))


route_threads = RouteThreads()
