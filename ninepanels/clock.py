"""The wall clock. All other modules read the time here, so that a test can set it for the whole service."""

from datetime import UTC
from datetime import datetime


def now() -> datetime:
    """Return the current time as an aware datetime in UTC."""
    return datetime.now(UTC)
