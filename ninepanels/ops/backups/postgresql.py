"""Dumps of a PostgreSQL database, made with pg_dump and pg_restore from the PATH."""

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
from pathlib import Path

from psycopg2.extensions import make_dsn
from sqlalchemy import make_url

from ... import crud
from ... import exceptions
from ... import sqlmodels as sql
from ...database import Database
from ...database import connected
from .. import migrations
from .files import Contents
from .files import Kind

MAGIC = b"PGDMP"
MAINTENANCE_DATABASE = "postgres"
"""The database to connect to for creating, renaming and dropping databases."""

COPY = re.compile(rb"COPY [^ ]+\.\"?(?P<table>\w+)\"? \(.*\) FROM stdin;\n")
END_OF_COPY = b"\\.\n"
TABLE_OF_CONTENTS_TABLE = re.compile(r"^\d+; \d+ \d+ TABLE (?!DATA)", re.MULTILINE)
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

    def write(self, kind: Kind, file: Path) -> None:
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
        self._run("pg_dump", "--format=custom", f"--file={file}", *chosen, f"--dbname={_without_password(self.url)}")

    def read(self, file: Path) -> Contents:
        """Read and check all rows of a dump.

        Raises:
            OperationRefused: the dump is damaged.
        """
        try:
            return self._contents(file)
        except exceptions.OperationRefused as error:
            raise exceptions.OperationRefused(f"{file} cannot be read: {error.detail}") from error

    def _contents(self, file: Path) -> Contents:
        has_tables = TABLE_OF_CONTENTS_TABLE.search(self._run("pg_restore", "--list", str(file)))
        counts: dict[str, int] = {}
        revision = b""
        table = None
        with self._output("pg_restore", "--data-only", "--file=-", str(file)) as lines:
            for line in lines:
                if table is None:
                    if copy := COPY.fullmatch(line):
                        table = copy["table"].decode(errors="replace")
                        counts[table] = 0
                elif line == END_OF_COPY:
                    table = None
                else:
                    counts[table] += 1
                    if table == crud.schema.VERSION_TABLE:
                        revision = line.strip()
        counts.pop(crud.schema.VERSION_TABLE, None)
        return Contents(Kind.FULL if has_tables else Kind.DATA, revision.decode(errors="replace"), counts)

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

    def load(self, file: Path, contents: Contents, staging_url: str) -> None:
        """Load a dump into the staging database, without the owners and privileges of the dumped database."""
        options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
        if contents.kind is Kind.DATA:
            migrations.migrate(staging_url, contents.revision)
            with connected(staging_url) as staging, staging.transaction() as work:
                crud.schema.delete_revision(work)
            options.append("--data-only")
        self._run("pg_restore", *options, f"--dbname={_without_password(staging_url)}", str(file))

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

    def _run(self, program: str, *arguments: str) -> str:
        """Run a program and return its output."""
        with self._output(program, *arguments) as lines:
            return b"".join(lines).decode(errors="replace")

    @contextmanager
    def _output(self, program: str, *arguments: str) -> Iterator[Iterator[bytes]]:
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
