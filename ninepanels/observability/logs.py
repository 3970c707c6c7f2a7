"""Logging configuration and formatters. Every line of the log is a `pyd.LogMessage`, as text or as JSON."""

import contextlib
import logging
import logging.config
import threading
import traceback
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from typing import Any
from typing import TextIO

from sqlalchemy import exc

from .. import exceptions
from .. import pydmodels as pyd
from . import request_ids
from . import route_names


def to_message(record: logging.LogRecord) -> pyd.LogMessage:
    """Convert a log record. `event`, `handler`, `attempts` and `context_data` come from its `extra`."""
    event: pyd.Event | None = getattr(record, "event", None)
    payload = event.payload.model_dump(mode="json") if event else dict(getattr(record, "context_data", {}))
    error = record.exc_info[1] if record.exc_info else None
    return pyd.LogMessage(
        time=datetime.fromtimestamp(record.created, UTC),
        level=record.levelname,
        logger=record.name,
        message=record.getMessage(),
        request_id=event.request_id if event else request_ids.current.get(),
        event_id=event.event_id if event else None,
        route=payload.pop("method_path", None) if event else route_names.current(),
        reason=payload.pop("reason", None),
        traceback=payload.pop("traceback", None) if error is None else describe(error),
        payload=payload or None,
        handler=getattr(record, "handler", None),
        attempts=getattr(record, "attempts", None),
    )


def describe(error: BaseException) -> str:
    """Format the tracebacks of an exception and of its causes, oldest first.

    Messages of exceptions are left out, because they can quote user input or database rows. The messages of this
    project's exceptions, OSError and OperationalError are kept, because they describe the system.
    """
    chain: list[BaseException] = []
    next_: BaseException | None = error
    while next_ is not None and next_ not in chain:
        chain.append(next_)
        next_ = next_.__cause__ or (None if next_.__suppress_context__ else next_.__context__)
    return "\n\n".join(_describe_one(each) for each in reversed(chain))


def _describe_one(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    message = ""
    if isinstance(error, exceptions.NinePanelsBaseException):
        message = f": {error.context_msg or error.detail}"
    elif isinstance(error, OSError | exc.OperationalError):
        message = f": {error}"
    return f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}{message}"


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return to_message(record).model_dump_json(exclude_none=True)


class TextFormatter(logging.Formatter):
    """Formats a record as one line of text. A traceback follows on separate lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message = to_message(record)
        time = message.time.isoformat(timespec="microseconds").replace("+00:00", "Z")
        line = f"{time} {message.level:<7} {message.message}"
        about: dict[str, Any] = {"request_id": message.request_id, "event_id": message.event_id, "route": message.route}
        about |= message.payload or {}
        about |= {"reason": message.reason, "handler": message.handler, "attempts": message.attempts}
        line += "".join([f" {key}={value}" for key, value in about.items() if value is not None])
        return f"{line}\n{message.traceback}" if message.traceback else line


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes each line to stderr immediately, or the lines of a `together` block with a single write."""

    _deferred = threading.local()

    @classmethod
    @contextlib.contextmanager
    def together(cls) -> Iterator[None]:
        """Write all lines that this thread logs in the block at the end of the block: each write releases the GIL.

        The block must not contain an `await`: lines of other coroutines would be delayed.
        """
        deferred: dict[LineHandler, list[logging.LogRecord]] = {}
        cls._deferred.records = deferred
        try:
            yield
        finally:
            cls._deferred.records = None
            for handler, records in deferred.items():
                handler._write(records)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line of a record, or defer it until the end of a `together` block."""
        deferred: dict[LineHandler, list[logging.LogRecord]] | None = getattr(self._deferred, "records", None)
        if deferred is None:
            super().emit(record)
        else:
            deferred.setdefault(self, []).append(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - overrides logging.Handler
        """Report a logging error to stderr if possible. Never raises, because stderr can be the cause."""
        with contextlib.suppress(Exception):
            super().handleError(record)

    def _write(self, records: Sequence[logging.LogRecord]) -> None:
        self.acquire()
        try:
            self.stream.write("".join(self._lines(records)))
            self.flush()
        except Exception:  # noqa: BLE001 - as in logging.StreamHandler.emit
            self.handleError(records[-1])
        finally:
            self.release()

    def _lines(self, records: Iterable[logging.LogRecord]) -> Iterator[str]:
        for record in records:
            try:
                yield self.format(record) + self.terminator
            except Exception:  # noqa: BLE001 - as above; the other lines are still written
                self.handleError(record)


def configure(level: str, form: str) -> None:
    """Send the records of all loggers, including uvicorn's, to one handler.

    Args:
        level: the name of a level, such as "INFO".
        form: "text" or "json".
    """
    formatter = {"text": TextFormatter, "json": JsonFormatter}[form]
    # Collecting thread, process, task and source line takes a third of the time of a log call, and no line shows them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as in Python's logging HOWTO, "Optimization"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": formatter}},
            "handlers": {"stderr": {"()": LineHandler, "formatter": "line"}},
            # Libraries start at WARNING, because they log addresses and URLs at lower levels.
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            # TIMING_CREATED replaces uvicorn's access log, which would contain the query string.
            "loggers": {
                "ninepanels": {"level": level},
                "uvicorn": {"level": level, "handlers": [], "propagate": True},
                "uvicorn.error": {"level": level, "handlers": [], "propagate": True},
                "uvicorn.access": {"handlers": [], "propagate": False},
            },
        }
    )
