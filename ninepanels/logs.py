"""The form of every line of the log: a `pyd.LogMessage`, as text or as JSON."""

import logging
import logging.config
from datetime import UTC
from datetime import datetime

from . import pydmodels as pyd
from . import request_ids


def to_message(record: logging.LogRecord) -> pyd.LogMessage:
    """Return what a log record says; `event`, `handler` and `attempts` come from its `extra`."""
    event: pyd.Event | None = getattr(record, "event", None)
    return pyd.LogMessage(
        time=datetime.fromtimestamp(record.created, UTC),
        level=record.levelname,
        logger=record.name,
        message=record.getMessage(),
        request_id=event.request_id if event else request_ids.current.get(),
        event=event,
        handler=getattr(record, "handler", None),
        attempts=getattr(record, "attempts", None),
        traceback=logging.Formatter().formatException(record.exc_info) if record.exc_info else None,
    )


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return to_message(record).model_dump_json(exclude_none=True)


class TextFormatter(logging.Formatter):
    """One line for people; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message = to_message(record)
        line = f"{message.time:%Y-%m-%dT%H:%M:%S.%fZ} {message.level:<7} {message.message}"
        about: dict[str, object] = {"request_id": message.request_id}
        if message.event is not None:
            about |= {"event_id": message.event.event_id} | message.event.payload.model_dump(mode="json")
        about |= {"handler": message.handler, "attempts": message.attempts}
        line += "".join(f" {key}={value}" for key, value in about.items() if value is not None)
        return f"{line}\n{message.traceback}" if message.traceback else line


def configure(level: str, form: str) -> None:
    """Send every logger of the process, uvicorn's too, through one handler.

    Args:
        level: a level's name, such as "INFO".
        form: "text" or "json".
    """
    formatter = {"text": TextFormatter, "json": JsonFormatter}[form]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": level, "handlers": ["stderr"]},
            # Our TIMING_CREATED says what uvicorn's access log would, with the route and without the query.
            "loggers": {
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.error": {"handlers": [], "propagate": True},
                "uvicorn.access": {"handlers": [], "propagate": False},
            },
        }
    )
