"""Passes exceptions on. Their line in the log, with the traceback, is written when the event is taken."""

from .. import pydmodels as pyd
from .. import sentry


async def handle_exception_raised(event: pyd.Event) -> None:
    """Tell Sentry."""
    assert isinstance(event.payload, pyd.ExceptionRaised)  # noqa: S101 - the dispatcher's promise
    sentry.report(event, event.payload)
