"""Wall time is read here and nowhere else, so that a test can set it for the whole service."""

from datetime import UTC
from datetime import datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)
