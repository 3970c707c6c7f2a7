"""Log messages."""

import uuid
from typing import Any

from pydantic import BaseModel

from .fields import Instant


class LogMessage(BaseModel):
    """A line of the log.

    `payload` is that of an event or the `context_data` of an exception, `route` is the `method_path` of the event or
    the request.
    """

    time: Instant
    level: str
    logger: str
    message: str
    request_id: str | None = None
    event_id: uuid.UUID | None = None
    route: str | None = None
    payload: dict[str, Any] | None = None
    reason: str | None = None
    handler: str | None = None
    attempts: int | None = None
    traceback: str | None = None
