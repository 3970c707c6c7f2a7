"""Handlers of changes that streams show."""

from collections.abc import Sequence

from .. import pydmodels as pyd
from ..sync import signals
from ..sync.hub import Hub


async def handle_change_of_user(hub: Hub, events: Sequence[pyd.Event]) -> None:
    """Signal to the streams of all processes that the panels, entries, settings or logins of users have changed."""
    user_ids = {event.payload.user_id for event in events if isinstance(event.payload, pyd.UserEvent)}
    await signals.send(hub, user_ids)
