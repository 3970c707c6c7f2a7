"""Handlers of logins, logouts and the activity of users."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta

from .. import clock
from .. import crud
from .. import pydmodels as pyd
from ..database import database

MIN_INTERVAL = timedelta(minutes=1)
CACHE_SIZE = 10_000

KEEP_AUDIT = timedelta(days=400)
KEEP_EXPIRED = timedelta(days=366)
"""How long expired tokens are kept, so that a clock that is set back does not make logged-out tokens valid again."""


async def handle_user_logged_in(event: pyd.Event) -> None:
    """Record the login, and delete old audit events, and sessions whose tokens expired long ago."""
    assert isinstance(event.payload, pyd.UserLoggedIn)  # noqa: S101 - the dispatcher maps types to payloads
    await asyncio.to_thread(_record_login, event.payload.user_id, event.payload.at)


async def handle_user_logged_out(_event: pyd.Event) -> None:
    """Delete tokens that expired long ago from the blacklist. Each logout adds at most one row."""
    await asyncio.to_thread(_sweep_tokens)


class ActivityRecorder:
    """Records the last activity of users, at most once per MIN_INTERVAL and user."""

    def __init__(self) -> None:
        self._recorded: dict[int, datetime] = {}

    async def handle_timing_created_for_the_user(self, events: Sequence[pyd.Event]) -> None:
        """Record the last activity of the users that the requests came from."""
        latest: dict[int, datetime] = {}
        for event in events:
            assert isinstance(event.payload, pyd.TimingCreated)  # noqa: S101 - the dispatcher maps types to payloads
            user_id, at = event.payload.user_id, event.payload.start_ts
            if user_id is not None and self._is_due(user_id, at):
                latest[user_id] = max(at, latest.get(user_id, at))
        if latest:
            await asyncio.to_thread(_record_activity, latest)
            if len(self._recorded) + len(latest) > CACHE_SIZE:
                self._recorded.clear()
            self._recorded |= latest

    def _is_due(self, user_id: int, at: datetime) -> bool:
        recorded = self._recorded.get(user_id)
        # If `at` is much earlier than `recorded`, the clock was ahead and was set back.
        return recorded is None or at >= recorded + MIN_INTERVAL or at < recorded - clock.MAX_SKEW


def _record_login(user_id: int, at: datetime) -> None:
    with database.transaction() as work:
        crud.users.record_login(work, user_id, at)
        now = clock.now()
        crud.audit.sweep(work, now - KEEP_AUDIT)
        # Each login adds one session.
        crud.sessions.sweep(work, now - KEEP_EXPIRED)


def _record_activity(latest: dict[int, datetime]) -> None:
    with database.transaction() as work:
        # In a fixed order: two instances that record the same users cannot deadlock.
        for user_id, at in sorted(latest.items()):
            crud.users.record_activity(work, user_id, at, MIN_INTERVAL)


def _sweep_tokens() -> None:
    with database.transaction() as work:
        crud.tokens.sweep(work, clock.now() - KEEP_EXPIRED)
