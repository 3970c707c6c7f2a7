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
"""Rows deleted per batch: more than a batch adds, so that the table shrinks to what is kept."""


async def handle_timing_created_for_the_database(keep: timedelta, events: Sequence[pyd.Event]) -> None:
    """Write a batch of timings and delete those that are older than `keep`."""
    await asyncio.to_thread(_write, events, keep)


async def handle_timings_persisted(alert_emails: Sequence[str], event: pyd.Event) -> None:
    """Refresh the statistics and the alert of each route in the batch."""
    assert isinstance(event.payload, pyd.TimingsPersisted)  # noqa: S101 - the dispatcher maps types to payloads
    await asyncio.to_thread(_refresh, event.payload.method_paths, alert_emails)


def _write(events: Sequence[pyd.Event], keep: timedelta) -> None:
    # Serialized before the transaction, which blocks other writers on SQLite.
    timings = [crud.timings.prepare(event) for event in events]
    with database.transaction() as work:
        crud.timings.add_all(work, timings)
        crud.timings.sweep(work, created_before=clock.now() - keep, limit=SWEEP_LIMIT)
        routes = {timing.method_path for timing in timings}
        work.emit(pyd.TimingsPersisted(count=len(timings), method_paths=sorted(routes)))


def _refresh(method_paths: list[str], alert_emails: Sequence[str]) -> None:
    with database.transaction() as work:
        # In a fixed order: two instances that lock the same routes cannot deadlock.
        for method_path in sorted(method_paths):
            alerts.refresh(work, method_path, alert_emails)
