"""Handlers of request timings and of their statistics."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from .. import clock
from .. import crud
from .. import pydmodels as pyd
from ..database import database
from ..timings import alerts

BATCH_SIZE = 1_000
SWEEP_LIMIT = 2 * BATCH_SIZE
"""Rows deleted per batch. A batch adds fewer rows, so the table shrinks until no expired row is left."""


async def handle_timing_created_for_the_database(keep: timedelta, events: Sequence[pyd.Event]) -> None:
    """Write a batch of timings and delete those that are older than `keep`."""
    await asyncio.to_thread(_write, events, keep)


async def handle_timings_persisted(alert_emails: Sequence[str], event: pyd.Event) -> None:
    """Refresh the statistics and the alert of each route in the batch."""
    assert isinstance(event.payload, pyd.TimingsPersisted)  # noqa: S101 - guaranteed by the dispatcher
    await asyncio.to_thread(_refresh, event.payload.method_paths, alert_emails)


def _write(events: Sequence[pyd.Event], keep: timedelta) -> None:
    # The timings are serialized before the transaction, because on SQLite a transaction blocks other writers.
    timings = [crud.timings.prepare(event) for event in events]
    with database.transaction() as work:
        crud.timings.add_all(work, timings)
        crud.timings.sweep(work, created_before=clock.now() - keep, limit=SWEEP_LIMIT)
        routes = {timing.method_path for timing in timings}
        work.emit(pyd.TimingsPersisted(count=len(timings), method_paths=sorted(routes)))


def _refresh(method_paths: list[str], alert_emails: Sequence[str]) -> None:
    with database.transaction() as work:
        # The order is fixed, so that two instances that lock the same routes cannot deadlock.
        for method_path in sorted(method_paths):
            alerts.refresh(work, method_path, alert_emails)
