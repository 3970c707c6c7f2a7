"""Log messages."""

import uuid
from typing import Any

from pydantic import BaseModel

from .fields import Instant


class LogMessage(BaseModel):
    """One line of the log; `payload` is what an event says, and `route` its or the request's `method_path`."""

    time: Instant
    level: str
    logger: str
    message: str
    request_id: str | None = None
    event_id: uuid.UUID | None = None
    route: str | None = None
    payload: dict[str, Any] | None = None
    handler: str | None = None
    attempts: int | None = None
    traceback: str | None = None
