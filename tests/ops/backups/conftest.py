"""Fixtures and helpers of the tests of backups."""

import os
import subprocess
from functools import cached_property
from pathlib import Path

import pytest

from ninepanels import config
from ninepanels import environments
from ninepanels import sqlmodels as sql
from ninepanels.ops.backups import files
from ninepanels.ops.backups import restoring
from ninepanels.ops.backups import writing

from ...support import checkouts
from ...support.filling import fill
from ...support.filling import rows_of
from ...support.servers import PROGRAM_DEADLINE_S
from ..conftest import execute_sql

KINDS = ["full", "data"]
SUFFIXES = {"sqlite": "db", "postgresql": "dump"}


class Installation:
    """A database and its backups."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.database_url = database_url
        self.folder = folder

    def backup(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run backup.sh as cron does: from another directory, without a terminal."""
        command = [str(self.script), *arguments]
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROGRAM_DEADLINE_S,
            **options,
        )

    @cached_property
    def script(self) -> Path:
        """A copy of backup.sh in a checkout with its packages installed: nothing is installed during the test."""
        return checkouts.make(self.folder.parent / "checkout") / "backup.sh"

    def dump(self, kind: str = "full") -> Path:
        """Make a dump in this process, which is faster than running backup.sh, and move it out of the backups."""
        self.call(kind)
        (file,) = self.folder.glob(f"*_{kind}.*[bp]")
        for sidecar in self.folder.glob(f"{file.name}.*"):
            sidecar.unlink()
        moved = file.rename(self.folder.parent / f"{kind}{file.suffix}")
        seal(moved)
        return moved

    def restore(self, file: Path, *options: str) -> None:
        self.call("restore", "--yes", *options, str(file))

    def error_of(self, *arguments: str) -> str:
        """Run a command that must fail without changing a row or a file, and return its one-line message."""
        before, files = rows_of(self.database_url), set(self.folder.glob("*"))
        with pytest.raises(SystemExit) as caught:
            self.call(*arguments)
        assert isinstance(caught.value.code, str)
        assert len(caught.value.code.splitlines()) == 1
        assert rows_of(self.database_url) == before
        assert set(self.folder.glob("*")) == files
        return caught.value.code

    def call(self, verb: str, *arguments: str) -> None:
        if verb == "restore":
            restoring.main(arguments)
        else:
            writing.main([verb, *arguments])


@pytest.fixture
def installation(
    database_url: str, backend: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Installation:
    return make_installation(database_url, backend, request, tmp_path, monkeypatch)


def make_installation(
    database_url: str, backend: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Installation:
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", database_url)
    monkeypatch.setenv("NINEPANELS_BACKUP_DIR", str(tmp_path / "backups"))
    # Restores over existing rows are refused if the checkout of the tests is on `main`.
    monkeypatch.setattr(environments, "branch", lambda: "a-better-tap")
    if backend == "postgresql":
        put_on_path(monkeypatch, request.getfixturevalue("postgres_server").bin)
    # The scripts run in a checkout, whose key signs the backups.
    monkeypatch.setattr(config, "VAR", tmp_path / "checkout" / "var")
    return Installation(database_url, tmp_path / "backups")


@pytest.fixture
def filled(installation: Installation) -> Installation:
    fill(installation.database_url)
    return installation


@pytest.fixture
def empty_installation(
    empty_database_url: str,
    backend: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Installation:
    """An installation whose database has no schema."""
    return make_installation(empty_database_url, backend, request, tmp_path, monkeypatch)


def put_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def seal(file: Path) -> None:
    """Write the checksum and the signature of a dump, which a test may have changed."""
    file.rename(file.with_name(f"{file.name}.part"))
    files.publish(file)


def checksum_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def signature_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.hmac")


def all_of(*files: Path) -> set[Path]:
    """Return the files of backups."""
    return {path for file in files for path in (file, checksum_path(file), signature_path(file))}


def delete_all_rows(database_url: str) -> None:
    """Delete all rows and reset the id sequences."""
    tables = list(sql.Base.metadata.tables)
    if database_url.startswith("sqlite"):
        execute_sql(database_url, *(f"DELETE FROM {table}" for table in (*tables, "sqlite_sequence")))  # noqa: S608 - our own
    else:
        execute_sql(database_url, f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
