"""Restoring: a dump becomes a fresh database, which is looked through and only then takes the old one's place."""

import subprocess
import sys
from pathlib import Path

from ... import crud
from ... import environments
from ... import exceptions
from ... import sqlmodels as sql
from ...config import Settings
from ...database import connected
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


def kind_of(database_url: str) -> Sqlite | Postgresql:
    """Return what writes and restores the dumps of a database."""
    return Sqlite(database_url) if database_url.startswith("sqlite") else Postgresql(database_url)


def restore(settings: Settings, file: Path, *, confirmed: bool) -> tuple[Counts, Counts]:
    """Put a dump in the place of this environment's database; what was there is backed up first.

    Returns:
        How many rows each table had before, and has now.

    Raises:
        Refused: the dump is not to be trusted, or not for here, or may not replace what is there.
    """
    files.verify(file)
    kind = kind_of(settings.database_url)
    contents = _look_through(file, kind)
    if is_permitted := any(_count(kind, settings).values()):
        safeguards.require(Action.RESTORE, settings, confirmed=confirmed)
    before: Counts = {}

    def back_up_first() -> None:
        before.update(_count(kind, settings))
        if any(before.values()):
            if not is_permitted:
                # A service has written the first rows since.
                safeguards.require(Action.RESTORE, settings, confirmed=confirmed)
            _back_up()

    with kind.fresh() as fresh_url:
        kind.load(file, contents, fresh_url)
        _check_rows(fresh_url, file, contents)
        migrations.migrate(fresh_url)
        with connected(fresh_url) as fresh, fresh.transaction() as work:
            crud.schema.advance_sequences(work)
        after = _check_schema(fresh_url, file)
        kind.swap(fresh_url, back_up_first)
    return before, after


def _look_through(file: Path, kind: Sqlite | Postgresql) -> Contents:
    with file.open("rb") as content:
        start = content.read(len(sqlite.MAGIC))
    kinds = {sqlite.MAGIC: Sqlite, postgresql.MAGIC: Postgresql}
    of = next((each for magic, each in kinds.items() if start.startswith(magic)), None)
    if of is None:
        raise exceptions.OperationRefused(f"{file} is no dump of Nine Panels.")
    if not isinstance(kind, of):
        raise exceptions.OperationRefused(f"{file} is a dump of {of.name}, and the database here is {kind.name}.")
    contents = kind.read(file)
    if not contents.revision or sql.Base.metadata.tables.keys().isdisjoint(contents.counts):
        raise exceptions.OperationRefused(f"{file} is no dump of Nine Panels.")
    if contents.revision not in migrations.revisions():
        raise exceptions.OperationRefused(
            f"{file} has the schema {contents.revision!r}, which this release does not know: it is of a newer release,"
            " or of another project."
        )
    return contents


def _count(kind: Sqlite | Postgresql, settings: Settings) -> Counts:
    """Return how many rows each table here has; restoring would drop tables that are not ours, so there may be none."""
    if not kind.exists():
        return {}
    with connected(settings.database_url) as database, database.connection() as connection:
        counts = crud.schema.count_rows(connection)
    if strangers := counts.keys() - sql.Base.metadata.tables.keys():
        raise exceptions.OperationRefused(
            f"The database holds what this release knows nothing of: {', '.join(strangers)}."
        )
    return counts


def _check_rows(fresh_url: str, file: Path, contents: Contents) -> None:
    with connected(fresh_url) as fresh, fresh.connection() as connection:
        revision, counts = crud.schema.read_revision(connection), crud.schema.count_rows(connection)
        if (revision, counts) != (contents.revision, contents.counts) or crud.schema.has_orphans(connection):
            raise exceptions.OperationRefused(f"{file} is damaged: its rows do not belong together.")


def _check_schema(fresh_url: str, file: Path) -> Counts:
    with connected(fresh_url) as fresh, fresh.connection() as connection:
        if not migrations.match_models(connection):
            raise exceptions.OperationRefused(f"{file} is damaged: its tables are not those of its revision.")
        return crud.schema.count_rows(connection)


def _back_up() -> None:
    command = [str(environments.ROOT / "backup.sh"), Kind.FULL.value]
    # Not `run`, which would kill it at Ctrl-C; it tidies up by itself, and what is complete is worth keeping.
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        output, complaints = process.communicate()
    if process.returncode:
        reason = (complaints.splitlines() or [f"backup.sh ended with {process.returncode}"])[-1]
        raise exceptions.OperationRefused(f"What is there could not be backed up, so nothing was replaced: {reason}")
    sys.stdout.write(f"What was there is in {output.strip()}\n")
