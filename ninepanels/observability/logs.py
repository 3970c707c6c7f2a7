"""The form of every line of the log: a `pyd.LogMessage`, as text or as JSON."""

import contextlib
import logging
import logging.config
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from typing import TextIO

from sqlalchemy import exc

from .. import exceptions
from .. import pydmodels as pyd
from . import request_ids
from . import route_names


def to_message(record: logging.LogRecord) -> pyd.LogMessage:
    """Return what a log record says; `event`, `handler` and `attempts` come from its `extra`."""
    event: pyd.Event | None = getattr(record, "event", None)
    payload = event.payload.model_dump(mode="json") if event else {}
    error = record.exc_info[1] if record.exc_info else None
    return pyd.LogMessage(
        time=datetime.fromtimestamp(record.created, UTC),
        level=record.levelname,
        logger=record.name,
        message=record.getMessage(),
        request_id=event.request_id if event else request_ids.current.get(),
        event_id=event.event_id if event else None,
        route=payload.pop("method_path", None) if event else route_names.current(),
        traceback=payload.pop("traceback", None) if error is None else describe(error),
        payload=payload or None,
        handler=getattr(record, "handler", None),
        attempts=getattr(record, "attempts", None),
    )


def describe(error: BaseException) -> str:
    """Return the traceback of an exception and of those it came from, oldest first.

    What an exception says may quote what a user sent, or what stands in a row: it is left out, but for those that
    speak of the machine and not of anybody's data.
    """
    chain: list[BaseException] = []
    next_: BaseException | None = error
    while next_ is not None and next_ not in chain:
        chain.append(next_)
        next_ = next_.__cause__ or (None if next_.__suppress_context__ else next_.__context__)
    return "\n\n".join(_describe_one(each) for each in reversed(chain))


def _describe_one(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    says = ""
    if isinstance(error, exceptions.NinePanelsBaseException):
        says = f": {error.context_msg or error.detail}"
    elif isinstance(error, OSError | exc.OperationalError):
        says = f": {error}"
    return f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}{says}"


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
        time = message.time.isoformat(timespec="microseconds").replace("+00:00", "Z")
        line = f"{time} {message.level:<7} {message.message}"
        about = {"request_id": message.request_id, "event_id": message.event_id, "route": message.route}
        about |= (message.payload or {}) | {"handler": message.handler, "attempts": message.attempts}
        line += "".join([f" {key}={value}" for key, value in about.items() if value is not None])
        return f"{line}\n{message.traceback}" if message.traceback else line


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes lines to stderr: each at once, or several together."""

    _held = threading.local()

    @classmethod
    @contextlib.contextmanager
    def together(cls) -> Iterator[None]:
        """Write what is logged in the block in one go: each write is a moment in which the thread has to wait.

        For blocks without `await`: what others log is written as always.
        """
        lines: dict[LineHandler, list[str]] = {}
        cls._held.lines = lines
        try:
            yield
        finally:
            cls._held.lines = None
            for handler, of_the_handler in lines.items():
                handler.stream.write("".join(of_the_handler))
                handler.flush()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or keep it until those with it are written."""
        lines: dict[LineHandler, list[str]] | None = getattr(self._held, "lines", None)
        if lines is None:
            super().emit(record)
            return
        try:
            lines.setdefault(self, []).append(self.format(record) + self.terminator)
        except Exception:  # noqa: BLE001 - the library does so
            # A line that cannot be made is said so, and nobody who logs fails by it.
            self.handleError(record)


def configure(level: str, form: str) -> None:
    """Send every logger of the process, uvicorn's too, through one handler.

    Args:
        level: a level's name, such as "INFO".
        form: "text" or "json".
    """
    formatter = {"text": TextFormatter, "json": JsonFormatter}[form]
    # No line says by which thread, process, task or line of code it was logged: to find that out takes a third of it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as in Python's logging HOWTO, "Optimization"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter}},
            "handlers": {"stderr": {"()": LineHandler, "formatter": "line"}},
            # Libraries are heard from when something is wrong: what they say otherwise quotes addresses and URLs.
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            # Our TIMING_CREATED says what uvicorn's access log would, with the route and without the query.
            "loggers": {
                "ninepanels": {"level": level},
                "uvicorn": {"level": level, "handlers": [], "propagate": True},
                "uvicorn.error": {"level": level, "handlers": [], "propagate": True},
                "uvicorn.access": {"handlers": [], "propagate": False},
            },
        }
    )
