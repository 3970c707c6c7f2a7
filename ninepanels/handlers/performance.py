"""Keeps the timings of requests, and looks at how the routes behave."""

import asyncio

from .. import pydmodels as pyd
from ..database import database
from ..route_watch import route_watch
from ..timing_buffer import timing_buffer


async def handle_timing_created_for_the_database(event: pyd.Event) -> None:
    """Collect the timing; it is written in a batch."""
    timing_buffer.add(event)


async def handle_timings_persisted(event: pyd.Event) -> None:
    """Look at each route that was called."""
    assert isinstance(event.payload, pyd.TimingsPersisted)  # noqa: S101 - the dispatcher's promise
    await asyncio.to_thread(_refresh, event.payload.method_paths)


def _refresh(method_paths: list[str]) -> None:
    with database.writing() as work:
        # Always in the same order: whoever else locks the same routes waits, and nobody waits in a circle.
        for method_path in sorted(method_paths):
            route_watch.refresh(work, method_path)
