"""Dumps of a PostgreSQL database, by pg_dump and pg_restore from the PATH."""

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
MAINTENANCE = "postgres"
"""The database that a server has for such purposes; a database cannot be renamed from within."""

COPY = re.compile(rb"COPY [^ ]+\.\"?(?P<table>\w+)\"? \(.*\) FROM stdin;\n")
END_OF_COPY = b"\\.\n"
TABLE_OF_CONTENTS_TABLE = re.compile(r"^\d+; \d+ \d+ TABLE (?!DATA)", re.MULTILINE)
LOCK_TRIES = 20
POLL_S = 0.05


class Postgresql:
    """The database on a server."""

    name = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = str(make_url(url).database)

    def exists(self) -> bool:
        """Return whether there is a database, be it an empty one."""
        with self._server() as server, server.connection() as connection:
            return crud.databases.exists(connection, self.database)

    def write(self, kind: Kind, file: Path) -> None:
        """Write a dump, while others read and write: it holds what was committed at one instant."""
        with connected(self.url) as database, database.connection() as connection:
            server = crud.databases.server_version(connection)
        program = int(re.findall(r"\d+", self._run("pg_dump", "--version"))[0])
        if program < server:
            raise exceptions.OperationRefused(
                f"pg_dump is of version {program} and the server of {server}: it cannot read it."
            )
        chosen = []
        if kind is Kind.DATA:
            tables = (*sql.Base.metadata.tables, crud.schema.VERSION_TABLE)
            chosen = ["--data-only", "--strict-names", *(f"--table={table}" for table in tables)]
        self._run("pg_dump", "--format=custom", f"--file={file}", *chosen, f"--dbname={_without_password(self.url)}")

    def read(self, file: Path) -> Contents:
        """Look through a dump, every row of it.

        Raises:
            Refused: it is damaged, or holds no schema.
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
        with self._reading("pg_restore", "--data-only", "--file=-", str(file)) as lines:
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
    def fresh(self) -> Iterator[str]:
        """Create another database on the same server, and yield its URL; it is dropped unless it takes our place."""
        name = f"ninepanels_fresh_{secrets.token_hex(4)}"
        with self._server() as server, server.connection() as connection:
            crud.databases.create(connection, name, like=self.database)
            try:
                yield make_url(self.url).set(database=name).render_as_string(hide_password=False)
            finally:
                if crud.databases.exists(connection, name):
                    crud.databases.drop(connection, name)

    def load(self, file: Path, contents: Contents, fresh_url: str) -> None:
        """Fill a fresh database with what is in a dump. Who owned it elsewhere, and who might read it, stays there."""
        options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
        if contents.kind is Kind.DATA:
            migrations.migrate(fresh_url, contents.revision)
            with connected(fresh_url) as fresh, fresh.transaction() as work:
                crud.schema.delete_revision(work)
            options.append("--data-only")
        self._run("pg_restore", *options, f"--dbname={_without_password(fresh_url)}", str(file))

    def swap(self, fresh_url: str, before: Callable[[], None]) -> None:
        """Put a fresh database in the place of this one: both change their names in one transaction.

        A database is renamed while nobody is connected to it. The server lets nobody in from when the transaction wants
        to rename it until that ends, so whoever is in can be sent away meanwhile, and no moment is left in which
        the name leads nowhere, even if this process is killed. The last to go is the connection that keeps
        others from writing.

        Args:
            fresh_url: a database that nobody is connected to.
            before: called when nobody can write any more; nothing is replaced if it raises.
        """
        fresh = str(make_url(fresh_url).database)
        replaced = fresh.replace("fresh", "replaced")
        with self._server() as server, server.connection() as connection, ExitStack() as holding:
            if not crud.databases.exists(connection, self.database):
                crud.databases.rename(connection, fresh, self.database)
                return
            process = self._hold_off_writers(holding)
            before()
            with ThreadPoolExecutor(1) as thread:
                renaming = thread.submit(self._rename, {self.database: replaced, fresh: self.database})
                while not renaming.done():
                    if crud.databases.terminate_other_connections(connection, self.database, process):
                        holding.close()
                    wait([renaming], POLL_S)
                renaming.result()
            crud.databases.drop(connection, replaced)

    def _hold_off_writers(self, holding: ExitStack) -> int:
        """Let nobody write until `holding` is closed, and return the number of the process that sees to it."""
        held = holding.enter_context(connected(self.url))
        tries_left = LOCK_TRIES
        while True:
            tries_left -= 1
            try:
                with ExitStack() as holding_now:
                    process = crud.databases.lock_against_writes(holding_now.enter_context(held.transaction()))
                    holding.push(holding_now.pop_all())
                    return process
            except exceptions.DatabaseUnavailable:
                # Somebody writes, and may be waiting for a table that we had locked: all were let go by now.
                if not tries_left:
                    raise

    def _rename(self, names: dict[str, str]) -> None:
        with self._server() as server, server.transaction() as work:
            for old, new in names.items():
                crud.databases.rename(work, old, new)

    @contextmanager
    def _server(self) -> Iterator[Database]:
        url = make_url(self.url).set(database=MAINTENANCE).render_as_string(hide_password=False)
        with connected(url) as server:
            yield server

    def _run(self, program: str, *arguments: str) -> str:
        """Run a program to its end and return what it says."""
        with self._reading(program, *arguments) as lines:
            return b"".join(lines).decode(errors="replace")

    @contextmanager
    def _reading(self, program: str, *arguments: str) -> Iterator[Iterator[bytes]]:
        """Run a program and yield the lines that it writes.

        Raises:
            Refused: there is no such program, or it fails.
        """
        path = shutil.which(program)
        if path is None:
            raise exceptions.OperationRefused(
                f"There is no {program} on the PATH; PostgreSQL's client programs have it."
            )
        # What is in the environment is for this user alone to see, and a list of arguments is not.
        password = make_url(self.url).password
        environment = os.environ | ({"PGPASSWORD": str(password)} if password else {}) | {"LC_ALL": "C"}
        with tempfile.TemporaryFile() as complaints:
            with subprocess.Popen(
                [path, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
            ) as process:
                assert process.stdout is not None  # noqa: S101 - a pipe was asked for
                try:
                    yield process.stdout
                except BaseException:
                    process.kill()
                    process.wait()
                    raise
            if process.returncode:
                complaints.seek(0)
                raise exceptions.OperationRefused(
                    _one_line(program, process.returncode, complaints.read().decode(errors="replace"))
                )


def _without_password(database_url: str) -> str:
    """Return where a database is as PostgreSQL's own programs want it said, with nothing secret in it."""
    url = make_url(database_url)
    _, parameters = url.get_dialect()().create_connect_args(url)
    parameters.pop("password", None)
    return make_dsn(**parameters)


def _one_line(program: str, status: int, complaints: str) -> str:
    for line in complaints.splitlines():
        if "error: " in line:
            return line
    return f"{program} failed, with the status {status}."
