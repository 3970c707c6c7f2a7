"""Dumps of a PostgreSQL database, made with pg_dump and read with pg_restore, from the PATH."""

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait
from contextlib import ExitStack
from contextlib import contextmanager
from itertools import islice
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from psycopg2.extensions import make_dsn
from sqlalchemy import Table
from sqlalchemy import make_url

from ... import crud
from ... import exceptions
from ... import sqlmodels as sql
from ...database import Database
from ...database import UnitOfWork
from ...database import connected
from . import files
from .files import Kind

MAGIC = b"PGDMP"
MAINTENANCE_DATABASE = "postgres"
"""The database to connect to for creating, renaming and dropping databases."""

# The lines that pg_restore prints. The rows follow COPY, each in a line.
ENCODING = re.compile(rb"SET client_encoding = '(?P<name>\w+)';\n")
COPY = re.compile(rb'COPY [^ ]+ \((?P<columns>"?\w+"?(, "?\w+"?)*)\) FROM stdin;\n')
END_OF_COPY = b"\\.\n"
SEQUENCE = re.compile(rb"SELECT pg_catalog\.setval\('[^']+', (?P<value>\d{1,18}), (true|false)\);\n")
ROWS_PER_READ = 500

MAX_LOCK_ATTEMPTS = 20
POLL_S = 0.05


class Postgresql:
    """The dump format of PostgreSQL databases."""

    name = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = str(make_url(url).database)

    def exists(self) -> bool:
        """Return whether the database exists, even if it is empty."""
        with self._server() as server, server.connection() as connection:
            return crud.databases.exists(connection, self.database)

    def write(self, kind: Kind, file: BinaryIO) -> None:
        """Write a consistent snapshot; other connections can read and write during the dump."""
        with connected(self.url) as database, database.connection() as connection:
            server = crud.databases.server_version(connection)
        program = int(re.findall(r"\d+", self._run("pg_dump", "--version"))[0])
        if program < server:
            raise exceptions.OperationRefused(
                f"pg_dump has version {program}, which is too old for the server's version {server}."
            )
        chosen = []
        if kind is Kind.DATA:
            tables = (*sql.Base.metadata.tables, crud.schema.VERSION_TABLE)
            chosen = ["--data-only", "--strict-names", *(f"--table={table}" for table in tables)]
        # Not by its path, at which another user may have put another file. Not to stdout either, to which pg_dump would
        # append its table of contents again.
        target = f"--file=/dev/fd/{file.fileno()}"
        arguments = ["--format=custom", *chosen, target, f"--dbname={_without_password(self.url)}"]
        self._run("pg_dump", *arguments, pass_fds=(file.fileno(),))

    def read_revision(self, file: Path) -> str:
        """Return the revision of the schema of a dump, or "" if it has none.

        Raises:
            OperationRefused: the dump is damaged.
        """
        try:
            with self._dumped(file, crud.schema.VERSION_TABLE) as lines:
                revisions = [row for line in lines if COPY.fullmatch(line) for row in _rows(lines)]
        except exceptions.OperationRefused as error:
            raise exceptions.OperationRefused(f"{file} cannot be read: {error.detail}") from error
        return revisions[0].strip().decode(errors="replace") if revisions else ""

    @contextmanager
    def staging_database(self) -> Iterator[str]:
        """Create a database on the same server and yield its URL; it is dropped unless `swap` renames it."""
        name = f"ninepanels_staging_{secrets.token_hex(4)}"
        with self._server() as server, server.connection() as connection:
            crud.databases.create(connection, name, like=self.database)
            try:
                yield make_url(self.url).set(database=name).render_as_string(hide_password=False)
            finally:
                if crud.databases.exists(connection, name):
                    crud.databases.drop(connection, name)

    def load(self, file: Path, tables: list[Table], staging: Database) -> None:
        """Load the rows and the id sequences of a dump into the tables of the staging database.

        pg_restore only prints the dump. Connected to the database, it would execute every statement of the dump,
        whatever that is.

        Raises:
            OperationRefused: the dump does not have these tables, or its rows do not match them.
        """
        for table in tables:
            with self._dumped(file, table.name) as lines, staging.transaction() as work:
                try:
                    is_complete = _load_table(work, table, lines)
                except ValueError as error:
                    raise files.other_rows(file, table.name) from error
                if not is_complete:
                    raise files.other_table(file, table.name)

    def swap(self, staging_url: str, before: Callable[[], None]) -> None:
        """Replace this database by the staging database: both are renamed in one transaction.

        PostgreSQL renames a database without connections only. A rename blocks new connections and waits, so existing
        connections are terminated until the rename succeeds. The connection that locks the tables against writes is
        closed last. At any time, even if this process is killed, a complete database has the name.

        Args:
            staging_url: a database without connections.
            before: called when the tables are locked against writes; if it raises, nothing is replaced.
        """
        staging = str(make_url(staging_url).database)
        replaced = staging.replace("staging", "replaced")
        with self._server() as server, server.connection() as connection, ExitStack() as write_lock:
            if not crud.databases.exists(connection, self.database):
                crud.databases.rename(connection, staging, self.database)
                return
            process = self._lock_against_writes(write_lock)
            before()
            with ThreadPoolExecutor(1) as thread:
                renaming = thread.submit(self._rename, {self.database: replaced, staging: self.database})
                while not renaming.done():
                    if crud.databases.terminate_other_connections(connection, self.database, process):
                        write_lock.close()
                    wait([renaming], POLL_S)
                renaming.result()
            crud.databases.drop(connection, replaced)

    def _lock_against_writes(self, write_lock: ExitStack) -> int:
        """Lock the tables against writes until `write_lock` is closed; return the process id of the connection."""
        database = write_lock.enter_context(connected(self.url))
        attempts_left = MAX_LOCK_ATTEMPTS
        while True:
            attempts_left -= 1
            try:
                with ExitStack() as attempt:
                    process = crud.databases.lock_against_writes(attempt.enter_context(database.transaction()))
                    write_lock.push(attempt.pop_all())
                    return process
            except exceptions.DatabaseUnavailable:
                # A writer holds a table and may wait for a table locked here. The rollback released all locks. Retry.
                if not attempts_left:
                    raise

    def _rename(self, names: dict[str, str]) -> None:
        with self._server() as server, server.transaction() as work:
            for old, new in names.items():
                crud.databases.rename(work, old, new)

    @contextmanager
    def _server(self) -> Iterator[Database]:
        url = make_url(self.url).set(database=MAINTENANCE_DATABASE).render_as_string(hide_password=False)
        with connected(url) as server:
            yield server

    def _run(self, program: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> str:
        """Run a program and return its output."""
        with self._output(program, *arguments, pass_fds=pass_fds) as lines:
            return b"".join(lines).decode(errors="replace")

    @contextmanager
    def _dumped(self, file: Path, table: str) -> Iterator[Iterator[bytes]]:
        """Yield the lines of the SQL with which a dump restores the rows and the id sequence of a table."""
        chosen = (f"--table={name}" for name in (table, f"{table}_id_seq"))
        with self._output("pg_restore", "--data-only", *chosen, "--file=-", str(file)) as lines:
            yield lines

    @contextmanager
    def _output(self, program: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> Iterator[Iterator[bytes]]:
        """Run a program and yield the lines of its output.

        Raises:
            OperationRefused: the program is not installed or fails.
        """
        path = shutil.which(program)
        if path is None:
            raise exceptions.OperationRefused(
                f"{program} is not on the PATH; it is one of PostgreSQL's client programs."
            )
        # Not in the arguments, which other users of the machine can see. The environment is private to the user.
        password = make_url(self.url).password
        environment = os.environ | ({"PGPASSWORD": str(password)} if password else {}) | {"LC_ALL": "C"}
        with tempfile.TemporaryFile() as stderr:
            with subprocess.Popen(
                [path, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                pass_fds=pass_fds,
            ) as process:
                assert process.stdout is not None  # noqa: S101 - stdout is a pipe
                try:
                    yield process.stdout
                except BaseException:
                    process.kill()
                    process.wait()
                    raise
            if process.returncode:
                stderr.seek(0)
                raise exceptions.OperationRefused(
                    _one_line(program, process.returncode, stderr.read().decode(errors="replace"))
                )


class _Rows:
    """Rows in the text format of COPY, as a file for psycopg2."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        self._rows = rows

    def read(self, _size: int) -> bytes:
        """Return some rows, which can have more bytes than asked for."""
        return b"".join(islice(self._rows, ROWS_PER_READ))


def _rows(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines up to the end of the rows of a COPY statement."""
    return takewhile(lambda line: line != END_OF_COPY, lines)


def _load_table(work: UnitOfWork, table: Table, lines: Iterator[bytes]) -> bool:
    """Load the rows and the id sequence of a table; return whether the dump has the table, once, with its columns.

    Raises:
        ValueError: a row does not match the table.
    """
    encoding = "UTF8"
    is_loaded = False
    for line in lines:
        if match := ENCODING.fullmatch(line):
            encoding = match["name"].decode()
        elif match := SEQUENCE.fullmatch(line):
            crud.schema.advance_sequence(work, table, int(match["value"]))
        elif match := COPY.fullmatch(line):
            columns = [name.strip('"') for name in match["columns"].decode().split(", ")]
            if is_loaded or sorted(columns) != sorted(table.columns.keys()):
                return False
            crud.dumps.copy_rows(work, table, columns, encoding, _Rows(_rows(lines)))
            is_loaded = True
    return is_loaded


def _without_password(database_url: str) -> str:
    """Return the connection string for PostgreSQL's programs, without the password."""
    url = make_url(database_url)
    _, parameters = url.get_dialect()().create_connect_args(url)
    parameters.pop("password", None)
    return make_dsn(**parameters)


def _one_line(program: str, status: int, stderr: str) -> str:
    for line in stderr.splitlines():
        if "error: " in line:
            return line
    return f"{program} failed with status {status}."
