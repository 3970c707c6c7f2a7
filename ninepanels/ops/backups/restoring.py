"""Restores a dump: loads and checks it in a staging database, which then replaces the database."""

import subprocess
import sys
from pathlib import Path

from ... import crud
from ... import environments
from ... import exceptions
from ... import sqlmodels as sql
from ...config import Settings
from ...database import connected
from ...environments import Environment
from .. import migrations
from .. import safeguards
from ..safeguards import Action
from . import files
from . import postgresql
from . import sqlite
from .files import Contents
from .files import Kind
from .postgresql import Postgresql
from .sqlite import Sqlite

Counts = dict[str, int]


def dump_format(database_url: str) -> Sqlite | Postgresql:
    """Return the dump format of a database."""
    return Sqlite(database_url) if database_url.startswith("sqlite") else Postgresql(database_url)


def restore(settings: Settings, file: Path, *, confirmed: bool) -> tuple[Counts, Counts]:
    """Replace this environment's database by a dump. Existing rows are backed up first.

    Returns:
        The row counts of the tables before and after.

    Raises:
        OperationRefused: the dump is damaged or unsuitable, or the safeguards refuse the restore.
    """
    files.verify(file)
    _warn_of_addresses(settings, file)
    dumps = dump_format(settings.database_url)
    contents = _read_contents(file, dumps)
    if is_permitted := any(_count_rows(dumps, settings).values()):
        safeguards.require(Action.RESTORE, settings, confirmed=confirmed)
    before: Counts = {}

    def back_up_first() -> None:
        before.update(_count_rows(dumps, settings))
        if any(before.values()):
            if not is_permitted:
                # The database was empty at the first check. Rows were written since, so the safeguards apply.
                safeguards.require(Action.RESTORE, settings, confirmed=confirmed)
            back_up_database()

    with dumps.staging_database() as staging_url:
        dumps.load(file, contents, staging_url)
        _check_rows(staging_url, file, contents)
        migrations.migrate(staging_url)
        with connected(staging_url) as staging, staging.transaction() as work:
            crud.schema.advance_sequences(work)
            crud.users.raise_all_revisions(work)
        after = _check_schema(staging_url, file)
        dumps.swap(staging_url, back_up_first)
    return before, after


def _warn_of_addresses(settings: Settings, file: Path) -> None:
    name = files.NAME.fullmatch(file.name)
    if name is not None and name["env"] == Environment.MAIN != settings.env:
        mail = "sent to them" if settings.smtp_url else f"written to {settings.mail_dir}"
        sys.stderr.write(
            f"This is a backup of MAIN: {settings.env} gets the names and e-mail addresses of its users, and mail that"
            f" waits in its outbox is {mail}.\n"
        )


def _read_contents(file: Path, dumps: Sqlite | Postgresql) -> Contents:
    with file.open("rb") as content:
        start = content.read(len(sqlite.MAGIC))
    formats = {sqlite.MAGIC: Sqlite, postgresql.MAGIC: Postgresql}
    file_format = next((each for magic, each in formats.items() if start.startswith(magic)), None)
    if file_format is None:
        raise exceptions.OperationRefused(f"{file} is not a dump of Nine Panels.")
    if not isinstance(dumps, file_format):
        raise exceptions.OperationRefused(f"{file} is a dump of {file_format.name}, but this database is {dumps.name}.")
    contents = dumps.read(file)
    if not contents.revision or sql.Base.metadata.tables.keys().isdisjoint(contents.counts):
        raise exceptions.OperationRefused(f"{file} is not a dump of Nine Panels.")
    if contents.revision not in migrations.revisions():
        raise exceptions.OperationRefused(
            f"{file} has the schema revision {contents.revision!r}, which this release does not know. It is from a"
            " newer release or another project."
        )
    return contents


def _count_rows(dumps: Sqlite | Postgresql, settings: Settings) -> Counts:
    """Return the row counts of this database. Foreign tables are refused, because a restore would drop them."""
    if not dumps.exists():
        return {}
    with connected(settings.database_url) as database, database.connection() as connection:
        counts = crud.schema.count_rows(connection)
    if foreign_tables := counts.keys() - sql.Base.metadata.tables.keys():
        raise exceptions.OperationRefused(
            f"The database contains tables that this release does not know: {', '.join(foreign_tables)}."
        )
    return counts


def _check_rows(staging_url: str, file: Path, contents: Contents) -> None:
    with connected(staging_url) as staging, staging.connection() as connection:
        revision, counts = crud.schema.read_revision(connection), crud.schema.count_rows(connection)
        if (revision, counts) != (contents.revision, contents.counts) or crud.schema.has_orphans(connection):
            raise exceptions.OperationRefused(f"{file} is damaged: its rows are incomplete or inconsistent.")


def _check_schema(staging_url: str, file: Path) -> Counts:
    with connected(staging_url) as staging, staging.connection() as connection:
        if not migrations.match_models(connection):
            raise exceptions.OperationRefused(f"{file} is damaged: its tables do not match its revision.")
        return crud.schema.count_rows(connection)


def back_up_database() -> None:
    """Run `backup.sh full`, which also writes the checksum, and print the file.

    Raises:
        OperationRefused: the backup failed.
    """
    command = [str(environments.ROOT / "backup.sh"), Kind.FULL.value]
    # subprocess.run would kill the script on Ctrl-C, before the script can remove its incomplete files.
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        output, stderr = process.communicate()
    if process.returncode:
        reason = (stderr.splitlines() or [f"backup.sh ended with {process.returncode}"])[-1]
        raise exceptions.OperationRefused(f"The backup failed, so nothing was changed: {reason}")
    sys.stdout.write(f"The previous contents were saved to {output.strip()}\n")
