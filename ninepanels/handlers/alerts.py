"""Handlers of route alerts."""

from .. import pydmodels as pyd
from ..timings.webhook import Webhook


async def handle_route_alert(webhook: Webhook, event: pyd.Event) -> None:
    """Post the event to the operator's webhook."""
    await webhook.post(event.model_dump_json())
