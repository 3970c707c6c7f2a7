"""Passes alerts on: by e-mail, which is in the outbox already, and to the webhook."""

from .. import pydmodels as pyd
from ..outbox import outbox
from ..webhook import webhook


async def handle_route_alert_raised_by_mail(_event: pyd.Event) -> None:
    """Send the mails."""
    outbox.nudge()


async def handle_route_alert_raised_by_webhook(event: pyd.Event) -> None:
    """Post the event."""
    await webhook.post(event.model_dump_json())


async def handle_route_alert_cleared_by_mail(_event: pyd.Event) -> None:
    """Send the mails."""
    outbox.nudge()


async def handle_route_alert_cleared_by_webhook(event: pyd.Event) -> None:
    """Post the event."""
    await webhook.post(event.model_dump_json())
