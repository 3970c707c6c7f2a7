"""Handlers that send notifications: to users by e-mail, to operators by webhook and Sentry."""

from .. import pydmodels as pyd
from ..mail.outbox import Outbox
from ..observability import sentry
from ..timings.webhook import Webhook


async def handle_event_with_mail(outbox: Outbox, _event: pyd.Event) -> None:
    """Wake the outbox, to which the transaction that emitted the event has added an e-mail."""
    outbox.wake()


async def handle_route_alert(webhook: Webhook, event: pyd.Event) -> None:
    """Post the event to the operator's webhook."""
    await webhook.post(event.model_dump_json())


async def handle_exception_raised(event: pyd.Event) -> None:
    """Report the exception to Sentry. The event worker has logged it with its traceback."""
    assert isinstance(event.payload, pyd.ExceptionRaised)  # noqa: S101 - guaranteed by the dispatcher
    sentry.report(event, event.payload)
