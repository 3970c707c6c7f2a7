"""Wakes whoever sends the e-mails: what an event causes to be sent is in the outbox when the event comes."""

from .. import pydmodels as pyd
from ..outbox import outbox


async def handle_new_user_created(_event: pyd.Event) -> None:
    """Send the welcome."""
    outbox.nudge()


async def handle_password_reset_requested(_event: pyd.Event) -> None:
    """Send the link."""
    outbox.nudge()


async def handle_password_changed(_event: pyd.Event) -> None:
    """Tell the user."""
    outbox.nudge()


async def handle_user_updated(_event: pyd.Event) -> None:
    """Tell the old e-mail, if there is a new one."""
    outbox.nudge()
