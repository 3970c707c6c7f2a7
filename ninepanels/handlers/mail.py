"""Handlers of events that cause an e-mail."""

from .. import pydmodels as pyd
from ..mail.outbox import Outbox


async def handle_event_with_mail(outbox: Outbox, _event: pyd.Event) -> None:
    """Wake the outbox. The transaction that caused the event has added the mail."""
    outbox.wake()
