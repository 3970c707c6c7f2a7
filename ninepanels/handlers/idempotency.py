"""Handlers that delete expired responses to requests with an idempotency key."""

import asyncio

from .. import crud
from .. import pydmodels as pyd
from ..database import database
from .timings import SWEEP_LIMIT


async def handle_timings_persisted_for_stored_responses(_event: pyd.Event) -> None:
    """Delete stored responses that have expired. A batch has fewer requests than SWEEP_LIMIT."""
    await asyncio.to_thread(_sweep)


def _sweep() -> None:
    with database.transaction() as work:
        crud.idempotency.sweep(work, SWEEP_LIMIT)
