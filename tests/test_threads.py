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
        assert asyncio.run(serve()) == ("route__0", "the-request")
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


def test_without_threads_the_service_is_not_ready() -> None:
    with pytest.raises(exceptions.NotReady):
        asyncio.run(RouteThreads().run(lambda: None))
