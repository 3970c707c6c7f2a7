"""Handlers of the use of sessions."""

import asyncio
from collections.abc import Sequence

from .. import clock
from .. import crud
from .. import pydmodels as pyd
from ..database import database
from .accounts import KEEP_EXPIRED


async def handle_session_used(events: Sequence[pyd.Event]) -> None:
    """Record when sessions were last used."""
    await asyncio.to_thread(_record, [each.payload for each in events if isinstance(each.payload, pyd.SessionUsed)])


async def handle_user_logged_in_for_sessions(_event: pyd.Event) -> None:
    """Delete sessions whose tokens expired long ago. Each login adds one session."""
    await asyncio.to_thread(_sweep)


def _record(uses: Sequence[pyd.SessionUsed]) -> None:
    with database.transaction() as work:
        # In a fixed order: two instances that record the same sessions cannot deadlock.
        for use in sorted(uses, key=lambda use: (use.user_id, use.jti)):
            crud.sessions.record(work, use)


def _sweep() -> None:
    with database.transaction() as work:
        crud.sessions.sweep(work, clock.now() - KEEP_EXPIRED)
