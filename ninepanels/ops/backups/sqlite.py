"""Dumps of a SQLite database. The online backup API makes full dumps; a dump of rows is a copy of the tables."""

import sqlite3
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy import make_url

from ... import crud
from ... import exceptions
from ... import sqlmodels as sql
from ...database import BUSY_TIMEOUT_MS
from .. import migrations
from .files import Contents
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

    def write(self, kind: Kind, file: Path) -> None:
        """Write a consistent snapshot; other connections can read and write during the dump."""
        with closing(_open(file)) as dump:
            if kind is Kind.FULL:
                with closing(_open(self.path, "mode=rw")) as source:
                    source.backup(dump)
                # Make the dump a single file, without a write-ahead log beside it.
                dump.execute("PRAGMA journal_mode = DELETE")
                return
            dump.execute("ATTACH ? AS source", (f"{self.path.as_uri()}?mode=rw",))
            dump.execute("BEGIN")
            for table in (*sql.Base.metadata.tables, crud.schema.VERSION_TABLE):
                dump.execute(f'CREATE TABLE main."{table}" AS SELECT * FROM source."{table}"')
            dump.execute(f"CREATE TABLE main.{SEQUENCES} AS SELECT * FROM source.sqlite_sequence")
            dump.execute("COMMIT")

    def read(self, file: Path) -> Contents:
        """Read and check a dump without writing to it or creating files next to it.

        Raises:
            OperationRefused: the dump is damaged.
        """
        with closing(_open(file, "immutable=1")) as dump:
            try:
                return _contents(dump)
            except sqlite3.Error as error:
                raise exceptions.OperationRefused(f"{file} is damaged: {error}.") from error

    @contextmanager
    def staging_database(self) -> Iterator[str]:
        """Yield the URL of a temporary database on the same disk."""
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=self.path.parent) as folder:
            yield URL.create("sqlite", database=f"{folder}/staging.db").render_as_string()

    def load(self, file: Path, contents: Contents, staging_url: str) -> None:
        """Load a dump into the staging database."""
        if contents.kind is Kind.DATA:
            migrations.migrate(staging_url, contents.revision)
        with closing(_open(Path(str(make_url(staging_url).database)))) as staging:
            if contents.kind is Kind.FULL:
                with closing(_open(file, "immutable=1")) as dump:
                    dump.backup(staging)
                return
            staging.execute("ATTACH ? AS dump", (f"{file.as_uri()}?immutable=1",))
            # The tables are loaded in any order, so rows can refer to rows that are not loaded yet.
            staging.execute("PRAGMA foreign_keys = OFF")
            staging.execute("BEGIN")
            staging.execute(f"DELETE FROM main.{crud.schema.VERSION_TABLE}")
            for table in (*contents.counts, crud.schema.VERSION_TABLE):
                names = staging.execute("SELECT name FROM pragma_table_info(?, 'dump')", (table,))
                columns = ", ".join(f'"{name}"' for (name,) in names)
                staging.execute(f'INSERT INTO main."{table}" ({columns}) SELECT {columns} FROM dump."{table}"')
            staging.execute("DELETE FROM main.sqlite_sequence")
            staging.execute(f"INSERT INTO main.sqlite_sequence SELECT * FROM dump.{SEQUENCES}")
            staging.execute("COMMIT")

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

        with closing(_open(Path(str(make_url(staging_url).database)))) as staging, closing(_open(self.path)) as live:
            live.execute("PRAGMA journal_mode = WAL")
            staging.backup(live, pages=1, progress=on_progress)


def _open(path: Path, options: str = "mode=rwc") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1_000
    )


def _contents(dump: sqlite3.Connection) -> Contents:
    for (problem,) in dump.execute("PRAGMA integrity_check"):
        if problem != "ok":
            raise sqlite3.DatabaseError(" ".join(problem.split()))
    names = {name for (name,) in dump.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    tables = {name for name in names if not name.startswith("sqlite_")} - {SEQUENCES, crud.schema.VERSION_TABLE}
    revision = None
    if crud.schema.VERSION_TABLE in names:
        (revision,) = dump.execute(f"SELECT max(version_num) FROM {crud.schema.VERSION_TABLE}").fetchone()
    counts = {table: dump.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in sorted(tables)}
    return Contents(Kind.DATA if SEQUENCES in names else Kind.FULL, revision or "", counts)
