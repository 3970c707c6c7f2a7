"""What a call in a thread costs: `python -m bench.threads`. `runtime.threads` against the standard library."""

import asyncio
import sys
import time
from collections.abc import Awaitable
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

import uvloop

from ninepanels.runtime.threads import Threads

CALLS = 20_000
CONCURRENCY = 16
THREADS = 8
TIMEOUT_S = 5.0
ROUNDS = 5


async def main() -> None:
    """Print the microseconds per call, the best of some rounds."""
    threads = Threads("bench", TIMEOUT_S)
    threads.start(THREADS)
    executor = ThreadPoolExecutor(THREADS)

    async def run_in_executor(call: Callable[[], None]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            await asyncio.get_running_loop().run_in_executor(executor, partial(copy_context().run, call))

    contestants = {"runtime.threads": threads.run, "ThreadPoolExecutor, asyncio.timeout": run_in_executor}
    for name, run in contestants.items():
        best = min([await _measure(run) for _ in range(ROUNDS)])
        sys.stdout.write(f"{name}: {best:.1f} us\n")
    threads.stop()
    executor.shutdown()


async def _measure(run: Callable[[Callable[[], None]], Awaitable[None]]) -> float:
    async def call_repeatedly() -> None:
        for _ in range(CALLS // CONCURRENCY):
            await run(_nothing)

    started = time.perf_counter()
    await asyncio.gather(*(call_repeatedly() for _ in range(CONCURRENCY)))
    return (time.perf_counter() - started) / CALLS * 1_000_000


def _nothing() -> None:
    pass


if __name__ == "__main__":
    uvloop.run(main())
