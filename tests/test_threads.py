"""The threads of requests."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from ninepanels import exceptions
from ninepanels import request_ids
from ninepanels.threads import RouteThreads


@contextlib.contextmanager
def pool_of(number: int) -> Iterator[RouteThreads]:
    threads = RouteThreads()
    threads.connect(number)
    try:
        yield threads
    finally:
        threads.disconnect()


def test_a_call_runs_in_a_thread_of_its_own_on_behalf_of_the_request() -> None:
    with pool_of(1) as threads:

        async def serve() -> tuple[str, str | None]:
            request_ids.current.set("the-request")
            return await threads.run(lambda: (threading.current_thread().name, request_ids.current.get()))

        assert asyncio.run(serve()) == ("route_0", "the-request")


def test_what_a_call_raises_arrives() -> None:
    with pool_of(1) as threads:

        def fail() -> None:
            raise exceptions.NotFound

        with pytest.raises(exceptions.NotFound):
            asyncio.run(threads.run(fail))


def test_no_more_calls_run_at_once_than_there_are_threads() -> None:
    with pool_of(2) as threads:
        both_are_in, running, most = threading.Barrier(2), set[str](), 0

        def work() -> None:
            nonlocal most
            running.add(threading.current_thread().name)
            both_are_in.wait(10)
            most = max(most, len(running))
            both_are_in.wait(10)
            running.discard(threading.current_thread().name)

        async def serve() -> None:
            await asyncio.gather(*(threads.run(work) for _ in range(6)))

        asyncio.run(serve())
    assert most == 2


def test_what_a_call_raises_may_be_anything() -> None:
    with pool_of(1) as threads:

        def leave() -> None:
            raise SystemExit(3)

        async def serve() -> int:
            with pytest.raises(SystemExit):
                await threads.run(leave)
            return await threads.run(lambda: 1)

        assert asyncio.run(serve()) == 1


def test_a_call_that_nobody_waits_for_any_more_is_not_made() -> None:
    with pool_of(1) as threads:
        made, busy, may_go_on = list[str](), threading.Event(), threading.Event()

        def keep_busy() -> None:
            busy.set()
            may_go_on.wait(10)

        async def serve() -> None:
            first = asyncio.create_task(threads.run(keep_busy))
            given_up = asyncio.create_task(threads.run(made.append, "given up"))
            await asyncio.to_thread(busy.wait, 10)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            may_go_on.set()
            await first
            await threads.run(made.append, "awaited")

        asyncio.run(serve())
    assert made == ["awaited"]


def test_an_answer_that_comes_when_nobody_waits_any_more_does_no_harm() -> None:
    with pool_of(1) as threads:
        busy, may_go_on = threading.Event(), threading.Event()

        def answer_late() -> None:
            busy.set()
            may_go_on.wait(10)

        async def serve() -> int:
            impatient = asyncio.create_task(threads.run(answer_late))
            await asyncio.to_thread(busy.wait, 10)
            impatient.cancel()
            await asyncio.wait([impatient])
            may_go_on.set()
            return await threads.run(lambda: 1)

        assert asyncio.run(serve()) == 1


def test_threads_that_are_disconnected_end() -> None:
    threads = RouteThreads()
    before = set(threading.enumerate())
    threads.connect(3)
    started = set(threading.enumerate()) - before
    threads.disconnect()
    for thread in started:
        thread.join(10)
    assert (len(started), any(thread.is_alive() for thread in started)) == (3, False)


def test_without_threads_the_service_is_not_ready() -> None:
    with pytest.raises(exceptions.NotReady):
        asyncio.run(RouteThreads().run(lambda: None))
