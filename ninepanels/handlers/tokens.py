"""Handlers that maintain the blacklist of access tokens."""

import asyncio

from .. import clock
from .. import crud
from .. import pydmodels as pyd
from ..database import database


async def handle_user_logged_out(_event: pyd.Event) -> None:
    """Delete expired tokens from the blacklist. Each logout adds at most one row, so this keeps it short."""
    await asyncio.to_thread(_sweep)


def _sweep() -> None:
    with database.transaction() as work:
        crud.tokens.sweep(work, clock.now())
