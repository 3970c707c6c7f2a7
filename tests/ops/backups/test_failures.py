"""Full disks, missing programs, unavailable databases and kills lose no row and no backup."""

import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ...support.backends import on_postgresql
from ...support.backends import on_sqlite
from ...support.disks import full_disk
from ...support.filling import fill
from ...support.filling import rows_of
from ...support.postgres import PostgresServer
from ...support.servers import PROGRAM_DEADLINE_S
from ..conftest import execute_sql
from .conftest import SUFFIXES
from .conftest import Installation
from .conftest import all_of
from .conftest import put_on_path
from .conftest import seal

# --- Full disks -------------------------------------------------------------------------------------------------------

DISK_FULL = "disk is full|No space left|disk I/O error|File too large|status -25"
FREE_BYTES = 16_384
FREE_BYTES_FOR_SQLITE = 65_536
"""Space for the journal files of an open database."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty directory."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


def test_a_full_disk_is_reported_in_one_line_and_earlier_backups_are_kept(
    filled: Installation, backend: str, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tmp_path / f"20200101T000000Z_TEST_full.{SUFFIXES[backend]}"
    earlier.touch()
    seal(earlier)
    monkeypatch.setenv("NINEPANELS_BACKUP_DIR", str(folder))
    assert filled.script.exists(), "it is made before the disk is full"
    with full_disk(folder, *all_of(earlier), free=FREE_BYTES):
        result = filled.backup("full", "--keep", "1")
        assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (1, "", 1), result.stderr
        assert re.search(DISK_FULL, result.stderr)
        assert {path.name for path in folder.iterdir()} == {path.name for path in all_of(earlier)}


@on_sqlite
def test_a_restore_replaces_nothing_if_the_backup_before_it_fails(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    (tmp_path / "notes").touch()
    monkeypatch.setenv("NINEPANELS_BACKUP_DIR", str(tmp_path / "notes"))
    message = filled.error_of("restore", "--yes", str(file))
    assert message == f"The backup failed, so nothing was changed: {tmp_path}/notes: File exists"


@on_sqlite
def test_a_restore_replaces_nothing_if_the_disk_is_full(
    filled: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    with full_disk(folder, Path(str(make_url(filled.database_url).database)), free=FREE_BYTES_FOR_SQLITE):
        filled.database_url = f"sqlite:///{folder}/test.db"
        monkeypatch.setenv("NINEPANELS_DATABASE_URL", filled.database_url)
        assert re.search(DISK_FULL, filled.error_of("restore", "--yes", str(file)))
        assert [path.name for path in folder.iterdir()] == ["test.db"]


# --- Programs and databases -------------------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.parametrize("verb", ["full", "data", "restore"])
def test_a_missing_client_program_is_named(
    filled: Installation, verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = ["restore", "--yes", str(file)] if verb == "restore" else [verb]
    program = "pg_restore" if verb == "restore" else "pg_dump"
    assert f"{program} is not on the PATH" in filled.error_of(*arguments)


@on_postgresql
def test_a_pg_dump_older_than_the_server_is_refused(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_pg_dump(tmp_path, "echo 'pg_dump (PostgreSQL) 9.6.24 (Debian 9.6.24-1)'")
    put_on_path(monkeypatch, tmp_path)
    assert "pg_dump has version 9, which is too old for the server's version 18" in filled.error_of("full")


@on_postgresql
def test_the_password_is_not_passed_as_an_argument(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("pg_dump")
    replace_pg_dump(tmp_path, f'echo "$* $PGPASSWORD" >>{tmp_path}/calls; exec {real} "$@"')
    put_on_path(monkeypatch, tmp_path)
    url = make_url(filled.database_url).set(password="hunter2 @/")
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", url.render_as_string(hide_password=False))
    filled.call("full")
    for line in (tmp_path / "calls").read_text().splitlines():
        assert line.endswith(" hunter2 @/")
        assert line.count("hunter2") == 1


def replace_pg_dump(folder: Path, script: str) -> None:
    program = folder / "pg_dump"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("verb", ["full", "restore"])
def test_an_unavailable_database_is_reported_in_one_line(
    filled: Installation, backend: str, verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    with socket.socket() as closed_port:
        # Bound but not listening.
        closed_port.bind(("127.0.0.1", 0))
        server = f"postgresql://ada:hunter2@127.0.0.1:{closed_port.getsockname()[1]}/test"
        url = {"sqlite": f"sqlite:///{tmp_path}/no/folder/test.db", "postgresql": server}[backend]
        monkeypatch.setenv("NINEPANELS_DATABASE_URL", url)
        with pytest.raises(SystemExit) as caught:
            filled.call(*(["restore", str(file)] if verb == "restore" else [verb]))
    assert re.fullmatch(".*(Connection refused|no database yet|No such file).*", str(caught.value.code))
    assert "hunter2" not in str(caught.value.code)


# --- Kills ------------------------------------------------------------------------------------------------------------

KILLED_DURING_SWAP = """
import os, sqlite3, sys
from ninepanels import crud, environments
from ninepanels.database import make_engine
from ninepanels.ops.backups import restoring

class KilledDuringBackup(sqlite3.Connection):
    def backup(self, target, *, pages=-1, progress=None):
        def kill(status, remaining, total):
            progress(status, remaining, total)
            if remaining < total // 2:
                os.kill(os.getpid(), 9)
        super().backup(target, pages=pages, progress=progress and kill)

def rename_and_be_killed(session, old, new, rename=crud.databases.rename):
    rename(session, old, new)
    os.kill(os.getpid(), 9)

connect = sqlite3.connect
sqlite3.connect = lambda *args, **options: connect(*args, **{"factory": KilledDuringBackup, **options})
crud.databases.rename = rename_and_be_killed
environments.branch = lambda: "a-better-tap"
restoring.main(sys.argv[1:])
"""


def test_a_restore_killed_during_the_swap_changes_nothing(
    installation: Installation, backend: str, request: pytest.FixtureRequest
) -> None:
    # More rows than fit into SQLite's page cache, so that half of them are on disk when the process is killed.
    fill(installation.database_url, users := 1_000 if backend == "sqlite" else 20)
    file = installation.dump()
    execute_sql(installation.database_url, "DELETE FROM users WHERE id > 10")
    before = rows_of(installation.database_url)
    command = [sys.executable, "-c", KILLED_DURING_SWAP, "--trust-this-file", str(file)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=PROGRAM_DEADLINE_S, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert rows_of(installation.database_url) == before
    if backend == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        (leftover,) = server.databases("ninepanels_%")
        server.drop_database(leftover)
    installation.restore(file)
    assert len(rows_of(installation.database_url)["users"]) == users
