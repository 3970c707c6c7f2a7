"""Dumps of an SQLite database: its online backup copies pages, and what is attached to it is copied by rows."""

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
"""The table of a dump of rows that says which ids were given away: `sqlite_sequence`, a name SQLite keeps to itself."""


class Sqlite:
    """The database in a file."""

    name = "SQLite"

    def __init__(self, url: str) -> None:
        self.path = Path(str(make_url(url).database)).absolute()

    def exists(self) -> bool:
        """Return whether there is a database, be it an empty one."""
        return self.path.exists()

    def write(self, kind: Kind, file: Path) -> None:
        """Write a dump, while others read and write: it holds what was committed at one instant."""
        with closing(_open(file)) as dump:
            if kind is Kind.FULL:
                with closing(_open(self.path, "mode=rw")) as source:
                    source.backup(dump)
                # One file holds it all, and reading it needs no other beside it.
                dump.execute("PRAGMA journal_mode = DELETE")
                return
            dump.execute("ATTACH ? AS source", (f"{self.path.as_uri()}?mode=rw",))
            dump.execute("BEGIN")
            for table in (*sql.Base.metadata.tables, crud.schema.VERSION_TABLE):
                dump.execute(f'CREATE TABLE main."{table}" AS SELECT * FROM source."{table}"')
            dump.execute(f"CREATE TABLE main.{SEQUENCES} AS SELECT * FROM source.sqlite_sequence")
            dump.execute("COMMIT")

    def read(self, file: Path) -> Contents:
        """Look through a dump; it is not changed, and nothing is left beside it.

        Raises:
            Refused: it is damaged, or holds no schema.
        """
        with closing(_open(file, "immutable=1")) as dump:
            try:
                return _contents(dump)
            except sqlite3.Error as error:
                raise exceptions.OperationRefused(f"{file} is damaged: {error}.") from error

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Make room for another database on the same disk, and yield its URL."""
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=self.path.parent) as folder:
            yield URL.create("sqlite", database=f"{folder}/fresh.db").render_as_string()

    def load(self, file: Path, contents: Contents, fresh_url: str) -> None:
        """Fill a fresh database with what is in a dump."""
        if contents.kind is Kind.DATA:
            migrations.migrate(fresh_url, contents.revision)
        with closing(_open(Path(str(make_url(fresh_url).database)))) as fresh:
            if contents.kind is Kind.FULL:
                with closing(_open(file, "immutable=1")) as dump:
                    dump.backup(fresh)
                return
            fresh.execute("ATTACH ? AS dump", (f"{file.as_uri()}?immutable=1",))
            # The tables come in any order.
            fresh.execute("PRAGMA foreign_keys = OFF")
            fresh.execute("BEGIN")
            fresh.execute(f"DELETE FROM main.{crud.schema.VERSION_TABLE}")
            for table in (*contents.counts, crud.schema.VERSION_TABLE):
                names = fresh.execute("SELECT name FROM pragma_table_info(?, 'dump')", (table,))
                columns = ", ".join(f'"{name}"' for (name,) in names)
                fresh.execute(f'INSERT INTO main."{table}" ({columns}) SELECT {columns} FROM dump."{table}"')
            fresh.execute("DELETE FROM main.sqlite_sequence")
            fresh.execute(f"INSERT INTO main.sqlite_sequence SELECT * FROM dump.{SEQUENCES}")
            fresh.execute("COMMIT")

    def swap(self, fresh_url: str, before: Callable[[], None]) -> None:
        """Put a fresh database in the place of this one, in one transaction.

        The file stays the same and its pages are replaced. A new file under its name would be safe only while nobody
        has the old one open: a service would go on writing into a file without a name, or bring an old -wal together
        with the new file. Pages that SQLite itself copies are like any other writing: other connections see all of
        them or none and go on by themselves, and if this process is killed, the next who opens the file finds it as it
        was. The first page copied takes the write lock, which is kept until the last: until then others read what
        was there before, and wait to write.

        Args:
            fresh_url: a database that nobody else has open.
            before: called when nobody can write any more; nothing is replaced if it raises.
        """
        is_held = False

        def hold(status: int, _remaining: int, _total: int) -> None:
            nonlocal is_held
            if status == sqlite3.SQLITE_BUSY:
                raise exceptions.OperationRefused(
                    "Somebody else is writing to the database and does not end; nothing was replaced."
                )
            if not is_held:
                is_held = True
                before()

        with closing(_open(Path(str(make_url(fresh_url).database)))) as fresh, closing(_open(self.path)) as live:
            live.execute("PRAGMA journal_mode = WAL")
            fresh.backup(live, pages=1, progress=hold)


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
