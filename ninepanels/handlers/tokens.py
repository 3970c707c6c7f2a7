"""Keeps the blacklist of access tokens short."""

import asyncio

from .. import clock
from .. import crud
from .. import pydmodels as pyd
from ..database import database


async def handle_user_logged_out(_event: pyd.Event) -> None:
    """Delete what has expired: each logout adds a row at most, so there is no better time to look."""
    await asyncio.to_thread(_sweep)


def _sweep() -> None:
    with database.writing() as work:
        crud.tokens.sweep(work, clock.now())
