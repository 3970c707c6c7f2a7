"""The threads in which requests wait for the database."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any
from typing import ParamSpec
from typing import TypeVar

from . import exceptions

P = ParamSpec("P")
T = TypeVar("T")


class RouteThreads:
    """A pool of threads that serves requests only; `main` connects it.

    The way there and back is short, for every request takes it: shorter than FastAPI's (anyio's), and than asyncio's
    over the futures of concurrent.futures.
    """

    def __init__(self) -> None:
        self._threads = 0
        self._calls = SimpleQueue[_Call | None]()

    def connect(self, threads: int) -> None:
        """Start that many threads."""
        # A queue of their own: what told earlier threads to end is not for these.
        self._threads, self._calls = threads, SimpleQueue()
        for number in range(threads):
            Thread(target=_work, args=(self._calls,), name=f"route_{number}", daemon=True).start()

    def disconnect(self) -> None:
        """Let the threads end as soon as they have nothing to do."""
        for _ in range(self._threads):
            self._calls.put(None)
        self._threads = 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a call in one of the threads returns, made on behalf of the request that is being served.

        Raises:
            NotReady: `connect` was not called, or `disconnect` was.
        """
        if not self._threads:
            raise exceptions.NotReady(context_msg="there are no threads")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._calls.put(_Call(answer, partial(copy_context().run, call, *args, **kwargs)))
        return await answer


class _Call:
    """What is to be called, and the future that waits for it."""

    def __init__(self, answer: asyncio.Future[Any], call: Callable[[], Any]) -> None:
        self._answer = answer
        self._call = call

    def make(self) -> None:
        # Whoever waited may have gone before it was this call's turn.
        if self._answer.cancelled():
            return
        try:
            returned = self._call()
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            self._tell(self._answer.set_exception, error)
        else:
            self._tell(self._answer.set_result, returned)

    def _tell(self, say: Callable[[Any], None], what: object) -> None:
        loop = self._answer.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._say_if_awaited, say, what)

    def _say_if_awaited(self, say: Callable[[Any], None], what: object) -> None:
        if not self._answer.done():
            say(what)


def _work(calls: SimpleQueue[_Call | None]) -> None:
    while (call := calls.get()) is not None:
        call.make()
        # It holds the request, which would stay until the next one comes.
        del call


route_threads = RouteThreads()
