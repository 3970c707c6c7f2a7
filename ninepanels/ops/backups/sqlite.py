"""Dumps of a SQLite database. The online backup API makes full dumps; a dump of rows is a copy of the tables."""

import sqlite3
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import URL
from sqlalchemy import Connection
from sqlalchemy import NullPool
from sqlalchemy import Table
from sqlalchemy import create_engine
from sqlalchemy import exc
from sqlalchemy import make_url

from ... import crud
from ... import exceptions
from ... import sqlmodels as sql
from ...database import BUSY_TIMEOUT_MS
from ...database import Database
from ...database import create_sqlite_file
from .. import failures
from . import files
from .files import Kind

MAGIC = b"SQLite format 3\0"
SEQUENCES = "sequences"
"""The table of a dump of rows that holds a copy of `sqlite_sequence`, a name reserved by SQLite."""


class Sqlite:
    """The dump format of SQLite databases."""

    name = "SQLite"

    def __init__(self, url: str) -> None:
        self.path = Path(str(make_url(url).database)).absolute()

    def exists(self) -> bool:
        """Return whether the database exists, even if it is empty."""
        return self.path.exists()

    def write(self, kind: Kind, file: BinaryIO) -> None:
        """Write a consistent snapshot; other connections can read and write during the dump.

        Raises:
            OperationRefused: the database is damaged.
        """
        with closing(_open(Path(file.name), "mode=rw")) as dump:
            if kind is Kind.FULL:
                with closing(_open(self.path, "mode=rw")) as source:
                    source.backup(dump)
                # Damaged pages were copied, too. The dump could not be restored, and `--keep` deletes older ones.
                if dump.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                    raise exceptions.OperationRefused(failures.DAMAGED)
                # Make the dump a single file, without a write-ahead log beside it.
                dump.execute("PRAGMA journal_mode = DELETE")
                return
            dump.execute("ATTACH ? AS source", (f"{self.path.as_uri()}?mode=rw",))
            dump.execute("BEGIN")
            for table in (*sql.Base.metadata.tables, crud.schema.VERSION_TABLE):
                dump.execute(f'CREATE TABLE main."{table}" AS SELECT * FROM source."{table}"')
            dump.execute(f"CREATE TABLE main.{SEQUENCES} AS SELECT * FROM source.sqlite_sequence")
            dump.execute("COMMIT")

    def read_revision(self, file: Path) -> str:
        """Check a dump, and return the revision of its schema, or "" if it has none.

        Raises:
            OperationRefused: the dump is damaged.
        """
        with _dump(file) as dump:
            for (problem,) in dump.exec_driver_sql("PRAGMA integrity_check"):
                if problem != "ok":
                    raise exceptions.OperationRefused(f"{file} is damaged: {' '.join(problem.split())}.")
            if not _is_plain_table(dump, crud.schema.VERSION_TABLE):
                return ""
            statement = f"SELECT max(version_num) FROM {crud.schema.VERSION_TABLE}"
            return str(dump.exec_driver_sql(statement).scalar() or "")

    @contextmanager
    def staging_database(self) -> Iterator[str]:
        """Yield the URL of a temporary database on the same disk."""
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=self.path.parent) as folder:
            yield URL.create("sqlite", database=f"{folder}/staging.db").render_as_string()

    def load(self, file: Path, tables: list[Table], staging: Database) -> None:
        """Load the rows and the id sequences of a dump into the tables of the staging database.

        Raises:
            OperationRefused: the dump does not have these tables, or its rows do not match them.
        """
        with _dump(file) as dump:
            sequences = _sequences(dump)
            for table in tables:
                if not _is_plain_table(dump, table.name) or _columns(dump, table.name) != set(table.columns.keys()):
                    raise files.other_table(file, table.name)
                try:
                    for rows in crud.dumps.read_rows(dump, table):
                        with staging.transaction() as work:
                            crud.dumps.add_rows(work, table, rows)
                except (exc.IntegrityError, ValueError, TypeError) as error:
                    raise files.other_rows(file, table.name) from error
                with staging.transaction() as work:
                    crud.schema.advance_sequence(work, table, sequences.get(table.name, 0))

    def swap(self, staging_url: str, before: Callable[[], None]) -> None:
        """Replace the contents of this database by those of the staging database, in one transaction.

        The pages are replaced, not the file: a service that has the file open would continue to write to the deleted
        file, or combine an old write-ahead log with the new file. The online backup API writes pages in a transaction:
        other connections see all of them or none, and if this process is killed, the database is unchanged. The first
        page takes the write lock, which is held until the last page. Until then, other connections read the old
        contents and wait to write.

        Args:
            staging_url: a database that no other process has open.
            before: called when the write lock is held; if it raises, nothing is replaced.
        """
        is_locked = False

        def on_progress(status: int, _remaining: int, _total: int) -> None:
            nonlocal is_locked
            if status == sqlite3.SQLITE_BUSY:
                raise exceptions.OperationRefused(
                    "Another process holds the write lock of the database; nothing was replaced."
                )
            if not is_locked:
                is_locked = True
                before()

        create_sqlite_file(self.path)
        staging_path = Path(str(make_url(staging_url).database))
        with closing(_open(staging_path)) as staging, closing(_open(self.path)) as live:
            live.execute("PRAGMA journal_mode = WAL")
            staging.backup(live, pages=1, progress=on_progress)


def _open(path: Path, options: str = "mode=rw") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1_000
    )


@contextmanager
def _dump(file: Path) -> Iterator[Connection]:
    """Open a dump without writing to it or creating files next to it.

    Reading the rows of a plain table runs nothing of the dump's schema. `trusted_schema` covers what the check of the
    file evaluates, such as the expressions of indexes.

    Raises:
        OperationRefused: the dump is damaged.
    """

    def connect() -> sqlite3.Connection:
        connection = _open(file, "immutable=1")
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except (sqlite3.Error, exc.DBAPIError) as error:
        # Not the message, which can quote a row.
        raise exceptions.OperationRefused(f"{file} is damaged: SQLite cannot read it.") from error


def _is_plain_table(dump: Connection, name: str) -> bool:
    """Return whether a dump has a table of this name, not a view or a virtual table, and no generated columns."""
    plain = "SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND type = 'table'"
    generated = "SELECT 1 FROM pragma_table_xinfo(?) WHERE hidden <> 0"
    is_table, has_generated = (dump.exec_driver_sql(each, (name,)).first() for each in (plain, generated))
    return is_table is not None and has_generated is None


def _columns(dump: Connection, table: str) -> set[str]:
    return {name for (name,) in dump.exec_driver_sql("SELECT name FROM pragma_table_info(?)", (table,))}


def _sequences(dump: Connection) -> dict[str, int]:
    """Return the highest id that each table of a dump ever had."""
    table = SEQUENCES if _is_plain_table(dump, SEQUENCES) else "sqlite_sequence"
    if not _is_plain_table(dump, table):
        return {}
    rows = dump.exec_driver_sql(f"SELECT name, seq FROM {table}").all()
    return {name: seq for name, seq in rows if isinstance(seq, int)}
