"""Handlers of the use of sessions."""

import asyncio
from collections.abc import Sequence

from .. import crud
from .. import pydmodels as pyd
from ..database import database


async def handle_session_used(events: Sequence[pyd.Event]) -> None:
    """Record when sessions were last used."""
    await asyncio.to_thread(_record, [each.payload for each in events if isinstance(each.payload, pyd.SessionUsed)])


def _record(uses: Sequence[pyd.SessionUsed]) -> None:
    with database.transaction() as work:
        # In a fixed order: two instances that record the same sessions cannot deadlock.
        for use in sorted(uses, key=lambda use: (use.user_id, use.jti)):
            crud.sessions.record(work, use)
