"""The thread pools and their time limit."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from ninepanels import exceptions
from ninepanels.observability import request_ids
from ninepanels.runtime import threads
from ninepanels.runtime.threads import Threads

from ..support.servers import DEADLINE_S


@contextlib.contextmanager
def pool_of(count: int, timeout_s: float = DEADLINE_S) -> Iterator[Threads]:
    threads = Threads("route", timeout_s)
    threads.start(count)
    try:
        yield threads
    finally:
        threads.stop()


def test_a_call_runs_in_a_thread_with_the_context_of_the_caller() -> None:
    with pool_of(1) as threads:

        async def serve() -> tuple[str, str | None]:
            request_ids.current.set("the-request")
            return await threads.run(lambda: (threading.current_thread().name, request_ids.current.get()))

        assert asyncio.run(serve()) == ("route_0", "the-request")


@pytest.mark.parametrize("error", [exceptions.NotFound, TimeoutError])
def test_an_exception_of_the_call_is_raised_to_the_caller(error: type[Exception]) -> None:
    with pool_of(1) as threads:

        def fail() -> None:
            raise error

        with pytest.raises(error):
            asyncio.run(threads.run(fail))


def test_an_exit_raised_by_a_call_reaches_the_caller_and_the_thread_goes_on() -> None:
    with pool_of(1) as threads:

        def leave() -> None:
            raise SystemExit(3)

        async def serve() -> int:
            with pytest.raises(SystemExit):
                await threads.run(leave)
            return await threads.run(lambda: 1)

        assert asyncio.run(serve()) == 1


def test_a_result_that_arrives_after_the_caller_was_cancelled_is_discarded() -> None:
    with pool_of(1) as threads:
        busy, may_go_on = threading.Event(), threading.Event()

        def return_late() -> None:
            busy.set()
            may_go_on.wait(DEADLINE_S)

        async def serve() -> int:
            cancelled = asyncio.create_task(threads.run(return_late))
            await asyncio.to_thread(busy.wait, DEADLINE_S)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            may_go_on.set()
            return await threads.run(lambda: 1)

        assert asyncio.run(serve()) == 1


def test_a_result_after_the_loop_is_closed_leaves_the_thread_usable() -> None:
    with pool_of(1) as threads:
        busy, may_go_on = threading.Event(), threading.Event()

        def return_late() -> None:
            busy.set()
            may_go_on.wait(DEADLINE_S)

        async def abandon() -> None:
            cancelled = asyncio.create_task(threads.run(return_late))
            await asyncio.to_thread(busy.wait, DEADLINE_S)
            cancelled.cancel()
            await asyncio.wait([cancelled])

        asyncio.run(abandon())
        may_go_on.set()
        assert asyncio.run(threads.run(lambda: 1)) == 1


def test_the_time_limit_holds_for_each_call_of_a_series() -> None:
    with pool_of(2, timeout_s=0.05) as threads:
        may_go_on = threading.Event()

        async def serve() -> None:
            for _ in range(3):
                with pytest.raises(exceptions.ThreadTimeout):
                    await threads.run(may_go_on.wait, DEADLINE_S)

        asyncio.run(serve())
        may_go_on.set()


def test_no_more_calls_run_in_parallel_than_there_are_threads() -> None:
    with pool_of(2) as threads:
        both_running, running, maximum = threading.Barrier(2), set[str](), 0

        def work() -> None:
            nonlocal maximum
            running.add(threading.current_thread().name)
            both_running.wait(DEADLINE_S)
            maximum = max(maximum, len(running))
            both_running.wait(DEADLINE_S)
            running.discard(threading.current_thread().name)

        async def serve() -> None:
            await asyncio.gather(*(threads.run(work) for _ in range(6)))

        asyncio.run(serve())
    assert maximum == 2


def test_a_call_that_is_cancelled_before_it_gets_a_thread_is_not_executed() -> None:
    with pool_of(1) as threads:
        executed, busy, may_go_on = list[str](), threading.Event(), threading.Event()

        def keep_busy() -> None:
            busy.set()
            may_go_on.wait(DEADLINE_S)

        async def serve() -> None:
            first = asyncio.create_task(threads.run(keep_busy))
            cancelled = asyncio.create_task(threads.run(executed.append, "cancelled"))
            await asyncio.to_thread(busy.wait, DEADLINE_S)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            may_go_on.set()
            await first
            await threads.run(executed.append, "awaited")

        asyncio.run(serve())
    assert executed == ["awaited"]


def test_a_call_that_exceeds_the_time_limit_is_reported_and_the_threads_stay_usable() -> None:
    with pool_of(1, timeout_s=0.25) as threads:
        may_go_on = threading.Event()

        async def serve() -> None:
            with pytest.raises(exceptions.ThreadTimeout):
                await threads.run(may_go_on.wait, DEADLINE_S)
            # The second one never gets the thread.
            with pytest.raises(exceptions.ThreadTimeout):
                await threads.run(lambda: None)
            may_go_on.set()
            # On a busy machine, even a short call can exceed the time limit.
            async with asyncio.timeout(DEADLINE_S):
                while not await is_usable():
                    pass

        async def is_usable() -> bool:
            with contextlib.suppress(exceptions.ThreadTimeout):
                return await threads.run(lambda: True)
            return False

        asyncio.run(serve())


def test_a_time_limit_holds_for_several_calls_together() -> None:
    with pool_of(1) as pool:
        calls: list[int] = []

        async def serve() -> None:
            # No call exceeds the limit of the pool.
            async with threads.time_limit(0.1):
                while True:
                    await pool.run(calls.append, len(calls))

        with pytest.raises(exceptions.ThreadTimeout):
            asyncio.run(serve())
        # The pool stays usable.
        asyncio.run(pool.run(calls.append, -1))
    assert calls[-1] == -1


def test_a_timeout_of_the_block_itself_is_not_translated() -> None:
    async def serve() -> None:
        async with threads.time_limit(DEADLINE_S):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(serve())


def test_the_threads_end_after_the_pool_is_stopped() -> None:
    before = set(threading.enumerate())
    with pool_of(3) as threads:
        meet = threading.Barrier(3)

        async def serve() -> None:
            await asyncio.gather(*(threads.run(meet.wait, DEADLINE_S) for _ in range(3)))

        asyncio.run(serve())
        started = set(threading.enumerate()) - before
    for thread in started:
        thread.join(DEADLINE_S)
    assert (len(started), any(thread.is_alive() for thread in started)) == (3, False)


def test_without_threads_the_service_is_not_ready() -> None:
    with pytest.raises(exceptions.NotReady):
        asyncio.run(Threads("route", DEADLINE_S).run(lambda: None))
