"""Ends a command with one line that says what is wrong and what to do."""

import errno
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from .. import exceptions
from ..config import PREFIX

UNAVAILABLE = f"{PREFIX}DATABASE_URL: the database cannot be reached or did not respond in time"
DATABASE_ERROR = "The database reported an error"
DISK_FULL = "The disk is full: free space ('Disk full' in docs/operations.md), then repeat the command."
DAMAGED = (
    f"{PREFIX}DATABASE_URL: the file is damaged, or is not a SQLite database: move it away and restore a"
    " backup ('Restore' in docs/operations.md)."
)

REPORTED = (exceptions.NinePanelsBaseException, exc.DBAPIError, sqlite3.Error, OSError)
"""The errors that end a command with one line. Others are mistakes in the code."""

# The primary result codes of SQLite (https://www.sqlite.org/rescode.html).
_SQLITE = {
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_IOERR: f"{DISK_FULL} If it is not full, it fails: see the log of the system.",
    sqlite3.SQLITE_READONLY: (
        "The database cannot be written: its disk is full ('Disk full' in docs/operations.md), or its file, folder or"
        " disk is read-only for this user."
    ),
    sqlite3.SQLITE_BUSY: "The database is locked by another process; repeat the command when that has ended.",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
_POSTGRESQL = {"53100": "The disk of the database server is full: free space there, then repeat the command."}


@contextmanager
def reported() -> Iterator[None]:
    """Run a block. If it fails, exit with one line; an interrupted command ends with the exit code of its signal."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output, such as `head`, has ended. Python would write the rest of the output when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except REPORTED as error:
        sys.exit(one_line(error))
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(128 + signal.SIGINT)


def interrupt_on_signals() -> None:
    """Let SIGTERM, and SIGHUP of a closed terminal, end the command in the same way as Ctrl-C: it cleans up."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Not a signal that is ignored, as SIGHUP is under nohup.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def one_line(error: BaseException) -> str:
    """Return the line that reports an error of the classes REPORTED."""
    if isinstance(error, exceptions.DatabaseUnavailable):
        return describe(error.__cause__ or error)
    if isinstance(error, exceptions.NinePanelsBaseException):
        return error.detail
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return DISK_FULL
        return f"{error.filename}: {error.strerror}" if error.filename else str(error) or type(error).__name__
    return describe(error)


def describe(error: BaseException) -> str:
    """Return one line about an error of the database. The other lines of a driver's message may quote a row."""
    reason = getattr(error, "orig", None) or error
    if isinstance(reason, sqlite3.Error):
        known = _SQLITE.get(getattr(reason, "sqlite_errorcode", 0) & 0xFF)
    else:
        known = _POSTGRESQL.get(getattr(reason, "pgcode", None) or "")
    first_line = str(reason).partition("\n")[0]
    is_unavailable = isinstance(error, exc.OperationalError | exc.TimeoutError | exceptions.DatabaseUnavailable)
    return known or (f"{UNAVAILABLE}: {first_line}" if is_unavailable else f"{DATABASE_ERROR}: {first_line}")
