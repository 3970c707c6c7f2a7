"""Collects timings and writes them to the database in batches."""

import asyncio
import contextlib
import itertools
import logging
from collections import deque
from collections.abc import Sequence
from datetime import timedelta

from . import clock
from . import crud
from . import exceptions
from . import instruments
from . import pydmodels as pyd
from .crud.timings import PreparedTiming
from .database import database

CAPACITY = 20_000
BATCH = 1_000
WRITE_AFTER_S = 2.0
RETRY_S = 0.5
LONGEST_RETRY_S = 5.0
SWEPT_AT_ONCE = 2 * BATCH
"""More than a batch adds, or the table would grow all the same."""

log = logging.getLogger(__name__)


class TimingBuffer:
    """The timings of this process that are not written yet; what there is no room for is dropped and counted."""

    def __init__(self) -> None:
        self._timings: deque[PreparedTiming] = deque()
        self._wanted = asyncio.Event()
        self._written = asyncio.Event()
        self._keep = timedelta()

    def __len__(self) -> int:
        return len(self._timings)

    def connect(self, keep: timedelta) -> None:
        """Begin to collect on the running event loop; rows older than `keep` are swept."""
        self._wanted, self._written, self._keep = asyncio.Event(), asyncio.Event(), keep

    def add(self, event: pyd.Event) -> None:
        """Add the timing that a TIMING_CREATED tells of; from the event loop, never waiting."""
        if len(self._timings) >= CAPACITY:
            instruments.events_dropped.labels(event.type, "buffer").inc()
            return
        # Prepared one by one: a batch of them at once would hold requests up for longer than they take.
        self._timings.append(crud.timings.prepare(event))
        if len(self._timings) >= BATCH:
            self._wanted.set()

    async def write_forever(self) -> None:
        """Write a batch whenever one is full, and what there is every WRITE_AFTER_S."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), WRITE_AFTER_S)
            await self._write_batch()
            self._wanted.clear()
            # What came meanwhile waits until it is many, too: a few rows cost as many statements.
            if len(self._timings) >= BATCH:
                self._wanted.set()
            self._written.set()

    async def flush(self) -> None:
        """Have everything written now; waits until it is."""
        while self._timings:
            self._written.clear()
            self._wanted.set()
            await self._written.wait()

    async def _write_batch(self) -> None:
        # It stays here until it is there: if this task is cancelled, the next one writes the batch again.
        batch = list(itertools.islice(self._timings, BATCH))
        delay_s = RETRY_S
        while batch:
            try:
                await asyncio.to_thread(_write, batch, self._keep)
            except exceptions.Unavailable as error:
                log.warning("%d timings wait to be written (%s)", len(self._timings), error.context_msg)
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, LONGEST_RETRY_S)
                continue
            except Exception:
                log.exception("%d timings could not be written and are lost", len(batch))
                instruments.events_dropped.labels(pyd.TimingCreated.type, "database").inc(len(batch))
            for _ in batch:
                self._timings.popleft()
            return


timing_buffer = TimingBuffer()


def _write(batch: Sequence[PreparedTiming], keep: timedelta) -> None:
    with database.writing() as work:
        crud.timings.add_all(work, batch)
        crud.timings.sweep(work, created_before=clock.now() - keep, at_most=SWEPT_AT_ONCE)
        routes = {timing.method_path for timing in batch}
        work.emit(pyd.TimingsPersisted(count=len(batch), method_paths=sorted(routes)))
