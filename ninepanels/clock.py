"""The clocks. All other modules read the time here, so that a test can set it for the whole service."""

import time
from datetime import UTC
from datetime import datetime
from datetime import timedelta

MAX_SKEW = timedelta(minutes=5)
"""How far an instant can be ahead of this clock. A later instant comes from a clock that was wrong."""


def now() -> datetime:
    """Return the current time as an aware datetime in UTC."""
    return datetime.now(UTC)


def milliseconds() -> int:
    """Return the milliseconds since 1970, which stay below 2**53, the limit of JavaScript's integers."""
    return int(now().timestamp() * 1_000)


def monotonic() -> float:
    """Return the seconds since an arbitrary instant, by a clock that is never set, for spans of time in one process."""
    return time.monotonic()
