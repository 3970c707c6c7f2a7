"""Writes and lists the backups of this environment: `./mc.sh backup`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ... import config
from ... import crud
from ... import exceptions
from ...config import Settings
from ...database import connected
from .. import failures
from .. import migrations
from ..arguments import number
from ..arguments import parser_of
from . import files
from .files import Kind
from .postgresql import Postgresql
from .sqlite import Sqlite

LIST = "list"


def dump_format(database_url: str) -> Sqlite | Postgresql:
    """Return the dump format of a database."""
    return Sqlite(database_url) if database_url.startswith("sqlite") else Postgresql(database_url)


def write(settings: Settings, kind: Kind) -> Path:
    """Write a backup with its checksum and its signature. It has its name only when it is complete.

    Raises:
        OperationRefused: there is nothing to back up, or a program that writes the dump fails.
    """
    dumps = dump_format(settings.database_url)
    if not dumps.exists():
        raise exceptions.OperationRefused("There is no database yet, so there is nothing to back up.")
    with connected(settings.database_url) as database, database.connection() as connection:
        revision = crud.schema.read_revision(connection)
        if revision is None:
            raise exceptions.OperationRefused("The database has no schema yet, so there is nothing to back up.")
        if kind is Kind.DATA:
            migrations.require_current(connection)
        path, file = files.reserve(settings, kind, database.dialect)
    try:
        with file:
            dumps.write(kind, file)
        files.publish(path)
    except BaseException:
        files.discard(path)
        raise
    return path


def write_before_change(settings: Settings) -> None:
    """Write a full backup before its database is replaced or cleared, and print the path.

    Raises:
        OperationRefused: the backup failed.
    """
    try:
        path = write(settings, Kind.FULL)
    except failures.REPORTED as error:
        reason = failures.one_line(error)
        raise exceptions.OperationRefused(f"The backup failed, so nothing was changed: {reason}") from error
    sys.stdout.write(f"The previous contents were saved to {path}\n")


def keep_newest(settings: Settings, kind: Kind, number: int) -> None:
    """Delete all complete backups of a kind except the newest ones."""
    for path in files.complete(settings, kind)[number:]:
        files.delete(path)


def main(arguments: Sequence[str]) -> None:
    """Write a backup and print its path, or list the backups, newest first."""
    parser = parser_of("backup", "Write a signed backup into NINEPANELS_BACKUP_DIR, or list the backups.")
    parser.add_argument(
        "action",
        choices=[*Kind, LIST],
        help="full: the schema and the rows; data: the rows only; list: print the paths of the backups, newest first",
    )
    parser.add_argument("--keep", type=number(1), metavar="N", help="then delete all but the newest N of this kind")
    given = parser.parse_args(arguments)
    if given.keep and given.action == LIST:
        parser.error("--keep deletes backups, which list does not")
    failures.interrupt_on_signals()
    with failures.reported():
        settings = config.read_settings()
        if given.action == LIST:
            paths = [path for kind in Kind for path in files.complete(settings, kind)]
            sys.stdout.writelines(f"{path}\n" for path in sorted(paths, reverse=True))
            return
        kind = Kind(given.action)
        path = write(settings, kind)
        if given.keep:
            keep_newest(settings, kind, given.keep)
        sys.stdout.write(f"{path}\n")
