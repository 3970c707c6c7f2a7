"""The id of the current request."""

import re
from contextvars import ContextVar

from .. import ids

current: ContextVar[str | None] = ContextVar("request_id", default=None)

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def accept_or_make(given: str | None) -> str:
    """Return the client's id if it is safe in a log line, otherwise a new UUID4."""
    return given if given is not None and _ACCEPTED.fullmatch(given) else str(ids.uuid4())
