"""The threads of requests."""

import asyncio
import threading

import pytest

from ninepanels import exceptions
from ninepanels import request_ids
from ninepanels.threads import RouteThreads


def test_a_call_runs_in_a_thread_of_its_own_on_behalf_of_the_request() -> None:
    threads = RouteThreads()
    threads.connect(1)

    async def serve() -> tuple[str, str | None]:
        request_ids.current.set("the-request")
        return await threads.run(lambda: (threading.current_thread().name, request_ids.current.get()))

    try:
        assert asyncio.run(serve()) == ("route_0", "the-request")
    finally:
        threads.disconnect()


def test_what_a_call_raises_arrives() -> None:
    threads = RouteThreads()
    threads.connect(1)

    def fail() -> None:
        raise exceptions.NotFound

    try:
        with pytest.raises(exceptions.NotFound):
            asyncio.run(threads.run(fail))
    finally:
        threads.disconnect()


def test_no_more_calls_run_at_once_than_there_are_threads() -> None:
    threads = RouteThreads()
    threads.connect(2)
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

    try:
        asyncio.run(serve())
    finally:
        threads.disconnect()
    assert most == 2


def test_what_a_call_raises_may_be_anything() -> None:
    threads = RouteThreads()
    threads.connect(1)

    def leave() -> None:
        raise SystemExit(3)

    async def serve() -> int:
        with pytest.raises(SystemExit):
            await threads.run(leave)
        return await threads.run(lambda: 1)

    try:
        assert asyncio.run(serve()) == 1
    finally:
        threads.disconnect()


def test_a_call_that_nobody_waits_for_any_more_is_not_made() -> None:
    threads = RouteThreads()
    threads.connect(1)
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

    try:
        asyncio.run(serve())
    finally:
        threads.disconnect()
    assert made == ["awaited"]


def test_an_answer_that_comes_when_nobody_waits_any_more_does_no_harm() -> None:
    threads = RouteThreads()
    threads.connect(1)
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

    try:
        assert asyncio.run(serve()) == 1
    finally:
        threads.disconnect()


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
