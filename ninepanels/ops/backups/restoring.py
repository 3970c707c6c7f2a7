"""Restores a dump: `./mc.sh restore` loads and checks it in a staging database, which then replaces the database."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ... import config
from ... import crud
from ... import exceptions
from ... import sqlmodels as sql
from ...config import Settings
from ...database import connected
from ...environments import Environment
from .. import failures
from .. import migrations
from .. import safeguards
from ..arguments import parser_of
from ..safeguards import Action
from . import files
from . import postgresql
from . import sqlite
from . import writing
from .postgresql import Postgresql
from .sqlite import Sqlite

Counts = dict[str, int]


def restore(settings: Settings, file: Path, *, confirmed: bool, is_trusted: bool) -> tuple[Counts, Counts]:
    """Replace the rows of this environment's database by those of a dump. Existing rows are backed up first.

    The migrations make the tables, of the revision of the dump and then of this release. Of the dump, only rows are
    used: what else it contains, such as triggers, views and functions, could run code.

    Args:
        settings: those of the environment.
        file: the dump.
        confirmed: whether the command line confirms that rows are replaced.
        is_trusted: whether the command line accepts a dump without a valid signature.

    Returns:
        The row counts of the tables before and after.

    Raises:
        OperationRefused: the dump is damaged or unsuitable, or the safeguards refuse the restore.
    """
    file = file.resolve()
    verified = files.verify(file, is_trusted=is_trusted)
    _warn_of_addresses(settings, file)
    dumps = writing.dump_format(settings.database_url)
    revision = _read_revision(file, dumps)
    if is_permitted := any(_count_rows(dumps, settings).values()):
        safeguards.require(Action.RESTORE, settings, confirmed=confirmed)
    before: Counts = {}

    def back_up_first() -> None:
        before.update(_count_rows(dumps, settings))
        if any(before.values()):
            if not is_permitted:
                # The database was empty at the first check. Rows were written since, so the safeguards apply.
                safeguards.require(Action.RESTORE, settings, confirmed=confirmed)
            writing.write_before_change(settings)

    with dumps.staging_database() as staging_url:
        migrations.migrate(staging_url, revision)
        with connected(staging_url) as staging:
            dumps.load(file, staging.read(crud.dumps.read_tables), staging)
        files.require_unchanged(file, verified)
        migrations.migrate(staging_url)
        with connected(staging_url) as staging:
            with staging.transaction() as work:
                crud.schema.advance_sequences(work)
                crud.users.raise_all_revisions(work)
            after = staging.read(crud.schema.count_rows)
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


def _read_revision(file: Path, dumps: Sqlite | Postgresql) -> str:
    with file.open("rb") as content:
        start = content.read(len(sqlite.MAGIC))
    formats = {sqlite.MAGIC: Sqlite, postgresql.MAGIC: Postgresql}
    file_format = next((each for magic, each in formats.items() if start.startswith(magic)), None)
    if file_format is None:
        raise exceptions.OperationRefused(f"{file} is not a dump of Nine Panels.")
    if not isinstance(dumps, file_format):
        raise exceptions.OperationRefused(f"{file} is a dump of {file_format.name}, but this database is {dumps.name}.")
    revision = dumps.read_revision(file)
    if not revision:
        raise exceptions.OperationRefused(f"{file} is not a dump of Nine Panels.")
    if revision not in migrations.revisions():
        raise exceptions.OperationRefused(
            f"{file} has the schema revision {revision!r}, which this release does not know. It is from a newer release"
            " or another project."
        )
    return revision


def _count_rows(dumps: Sqlite | Postgresql, settings: Settings) -> Counts:
    """Return the row counts of this database. Foreign tables are refused, because a restore would drop them."""
    if not dumps.exists():
        return {}
    with connected(settings.database_url) as database, database.connection() as connection:
        counts = crud.schema.count_rows(connection)
        others = crud.databases.tables_of_other_schemas(connection) if isinstance(dumps, Postgresql) else []
    if foreign_tables := [*(counts.keys() - sql.Base.metadata.tables.keys()), *others]:
        raise exceptions.OperationRefused(
            f"The database contains tables that this release does not know: {', '.join(foreign_tables)}."
        )
    return counts


def main(arguments: Sequence[str]) -> None:
    """Restore a dump and print the row counts before and after."""
    parser = parser_of("restore", "Back up the database of this environment, then replace its rows by those of a dump.")
    parser.add_argument("file", type=Path, metavar="FILE", help="the dump, with its checksum and signature beside it")
    parser.add_argument("--yes", action="store_true", help="confirm without a prompt")
    parser.add_argument(files.TRUST, action="store_true", dest="is_trusted", help="accept any signature, or none")
    given = parser.parse_args(arguments)
    failures.interrupt_on_signals()
    with failures.reported():
        settings = config.read_settings()
        before, after = restore(settings, given.file.absolute(), confirmed=given.yes, is_trusted=given.is_trusted)
        sys.stdout.write(f"{'table':<30}{'before':>12}{'after':>12}\n")
        for table in sorted(before | after):
            sys.stdout.write(f"{table:<30}{before.get(table, 0):>12}{after.get(table, 0):>12}\n")
