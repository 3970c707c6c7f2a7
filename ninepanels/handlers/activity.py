"""Keeps users' `last_login` and `last_activity`."""

import asyncio
from datetime import datetime
from datetime import timedelta

from .. import crud
from .. import pydmodels as pyd
from ..database import database

AT_MOST_EVERY = timedelta(minutes=1)
REMEMBERED_USERS = 10_000

_last_written: dict[int, datetime] = {}


async def handle_user_logged_in(event: pyd.Event) -> None:
    """Record the login."""
    assert isinstance(event.payload, pyd.UserLoggedIn)  # noqa: S101 - the dispatcher's promise
    await asyncio.to_thread(_record_login, event.payload.user_id, event.payload.at)


async def handle_timing_created_for_the_user(event: pyd.Event) -> None:
    """Record the activity of whoever made the request, at most once a minute."""
    assert isinstance(event.payload, pyd.TimingCreated)  # noqa: S101 - the dispatcher's promise
    user_id, at = event.payload.user_id, event.payload.start_ts
    if user_id is None or at < _last_written.get(user_id, at - AT_MOST_EVERY) + AT_MOST_EVERY:
        return
    if len(_last_written) >= REMEMBERED_USERS:
        _last_written.clear()
    # Before it is written: of several requests at once one does it.
    _last_written[user_id] = at
    try:
        await asyncio.to_thread(_record_activity, user_id, at)
    except Exception:
        _last_written.pop(user_id, None)
        raise


def _record_login(user_id: int, at: datetime) -> None:
    with database.writing() as work:
        crud.users.record_login(work, user_id, at)


def _record_activity(user_id: int, at: datetime) -> None:
    with database.writing() as work:
        crud.users.record_activity(work, user_id, at, AT_MOST_EVERY)
