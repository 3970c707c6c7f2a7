"""The id of the request being served, known to everything that runs on its behalf."""

import re
from contextvars import ContextVar

from .. import ids

current: ContextVar[str | None] = ContextVar("request_id", default=None)

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def accept_or_make(given: str | None) -> str:
    """Return the caller's id when it is one a log line can hold, else a new UUID4."""
    return given if given is not None and _ACCEPTED.fullmatch(given) else str(ids.uuid4())
