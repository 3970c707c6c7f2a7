"""Handlers of exceptions. The event itself is logged, with its traceback, by the event worker."""

from .. import pydmodels as pyd
from ..observability import sentry


async def handle_exception_raised(event: pyd.Event) -> None:
    """Report the exception to Sentry."""
    assert isinstance(event.payload, pyd.ExceptionRaised)  # noqa: S101 - the dispatcher maps types to payloads
    sentry.report(event, event.payload)
