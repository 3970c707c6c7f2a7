"""backup.sh: what it writes is whole, what it restores is checked first, and what is in the way loses nothing."""

import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import NullPool
from sqlalchemy import make_url

from ninepanels import crud
from ninepanels import environments
from ninepanels import sqlmodels as sql
from ninepanels.database import make_engine
from ninepanels.ops import migrations
from ninepanels.ops.backups import __main__ as dumps
from ninepanels.ops.migrations import migrate

from ..support.checkouts import assert_refuses_with_one_line
from ..support.checkouts import run
from ..support.checkouts import switch
from ..support.filling import Rows
from ..support.filling import fill
from ..support.filling import rows_of
from ..support.people import PASSWORD
from ..support.people import data
from ..support.postgres import PostgresServer
from ..support.servers import Service
from ..support.servers import wait_for

KINDS = ["full", "data"]
SUFFIXES = {"sqlite": "db", "postgresql": "dump"}


class Home:
    """An installation with a few rows in each table, and its backups."""

    def __init__(self, database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database_url = database_url
        self.folder = folder
        self._monkeypatch = monkeypatch

    def backup(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Call backup.sh as cron does: from elsewhere, without a terminal."""
        command = [str(environments.ROOT / "backup.sh"), *arguments]
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **options
        )

    def dump(self, kind: str = "full") -> Path:
        """Make a backup without the seconds that starting programs takes."""
        self.call("write", kind)
        (part,) = self.folder.glob("*.part")
        file = part.rename(self.folder.parent / f"{kind}{part.with_suffix('').suffix}")
        sign(file)
        return file

    def restore(self, file: Path) -> None:
        self.call("restore", "--yes", str(file))

    def complaint(self, *arguments: str) -> str:
        """What is said when that fails, and nothing is lost: every row and every file is where it was."""
        before, files = rows_of(self.database_url), set(self.folder.glob("*"))
        with pytest.raises(SystemExit) as caught:
            self.call(*arguments)
        assert isinstance(caught.value.code, str)
        assert len(caught.value.code.splitlines()) == 1
        assert rows_of(self.database_url) == before
        assert set(self.folder.glob("*")) == files
        return caught.value.code

    def call(self, *arguments: str) -> None:
        self._monkeypatch.setattr(sys, "argv", ["dumps", *arguments])
        dumps.main()


@pytest.fixture
def home(
    database_url: str, backend: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Home:
    return make_home(database_url, backend, request, tmp_path, monkeypatch)


def make_home(
    database_url: str, backend: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Home:
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", database_url)
    monkeypatch.setenv("NINEPANELS_BACKUP_DIR", str(tmp_path / "backups"))
    # Where nothing is restored over data if this checkout stands on `main`.
    monkeypatch.setattr(environments, "branch", lambda: "a-better-tap")
    if backend == "postgresql":
        put_on_path(monkeypatch, request.getfixturevalue("postgres_server").bin)
    return Home(database_url, tmp_path / "backups", monkeypatch)


@pytest.fixture
def filled(home: Home) -> Home:
    fill(home.database_url)
    return home


@pytest.fixture
def empty_home(
    empty_database_url: str,
    backend: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Home:
    """An installation whose database has no schema."""
    return make_home(empty_database_url, backend, request, tmp_path, monkeypatch)


def put_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def sign(file: Path) -> None:
    """Write the checksum that belongs to a file, whatever became of it."""
    signed = subprocess.run(["sha256sum", file.name], cwd=file.parent, capture_output=True, check=True)
    checksum_of(file).write_bytes(signed.stdout)


def checksum_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def clear(database_url: str) -> None:
    """Delete every row, and what the database knows of the ids it gave."""
    tables = list(sql.Base.metadata.tables)
    if database_url.startswith("sqlite"):
        change(database_url, *(f"DELETE FROM {table}" for table in (*tables, "sqlite_sequence")))  # noqa: S608 - our own
    else:
        change(database_url, f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


def change(database_url: str, *statements: str) -> None:
    engine = make_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


# --- Backing up -----------------------------------------------------------------------------------------------------


def test_a_backup_says_when_where_and_what_and_has_its_checksum(filled: Home, backend: str) -> None:
    result = filled.backup("full")
    assert (result.returncode, result.stderr) == (0, "")
    file = Path(result.stdout.removesuffix("\n"))
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z_TEST_full\.{SUFFIXES[backend]}", file.name)
    assert set(filled.folder.iterdir()) == {file, checksum_of(file)}
    subprocess.run(["sha256sum", "--check", "--strict", checksum_of(file)], cwd=filled.folder, check=True)
    assert [oct(path.stat().st_mode & 0o777) for path in (filled.folder, file, checksum_of(file))] == [
        "0o700",
        "0o600",
        "0o600",
    ]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_backups_that_begin_in_one_second_are_kept_both(filled: Home) -> None:
    command = [str(environments.ROOT / "backup.sh"), "full"]
    backups = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    files = {Path(backup.communicate(timeout=60)[0].removesuffix("\n")) for backup in backups}
    assert [backup.returncode for backup in backups] == [0, 0]
    assert set(filled.folder.iterdir()) == files | set(map(checksum_of, files))
    assert len(files) == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_keep_takes_away_the_oldest_complete_ones_of_this_environment_and_kind(filled: Home) -> None:
    filled.folder.mkdir(mode=0o700)
    old = [filled.folder / f"2020010{day}T000000Z_TEST_full.db" for day in range(1, 4)]
    others = [f"20200101T000000Z_{name}" for name in ("MAIN_full.db", "TEST_data.db", "TEST_full.db.part")]
    kept = [filled.folder / name for name in (*others, "20200104T000000Z_TEST_full.db", "notes")]
    for file in (*old, *kept):
        file.touch()
    for file in (*old, *kept[:2]):
        checksum_of(file).touch()
    new = Path(filled.backup("full", "--keep", "2").stdout.removesuffix("\n"))
    expected = {new, old[-1], *kept}
    expected |= {checksum_of(file) for file in (new, old[-1], *kept[:2])}
    assert set(filled.folder.iterdir()) == expected


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "arguments", [(), ("fool",), ("full", "--keep"), ("full", "--keep", "0"), ("data", "--keep", "all"), ("restore",)]
)
def test_what_backup_sh_does_not_know_is_one_line(home: Home, arguments: tuple[str, ...]) -> None:
    result = home.backup(*arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"backup\.sh: .*\n", result.stderr)


def test_a_database_without_a_schema_is_not_backed_up(empty_home: Home) -> None:
    with pytest.raises(SystemExit, match=r"^The(re is no database| database has no schema) yet"):
        empty_home.dump()
    assert not empty_home.folder.exists()


# --- There and back -------------------------------------------------------------------------------------------------


class Tapper:
    """Somebody who taps, one day after the other, from today into the past, for as long as the block takes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tapping = threading.Event()
        self._thread = threading.Thread(target=self._tap)
        self.accepted: list[str] = []
        self.statuses: set[int] = set()
        self.log_in()
        panel = {"title": "Read"}
        self.panel_id = data(service.client.post("/panels", json=panel, headers=self._headers))["id"]

    def log_in(self) -> None:
        body = {"email": "tapper@example.com", "name": "Tapper", "password": PASSWORD}
        self._service.client.post("/users", json=body)
        login = {"username": body["email"], "password": PASSWORD}
        token = data(self._service.client.post("/token", data=login))["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def __enter__(self) -> "Tapper":
        self._tapping.set()
        self._thread.start()
        self.wait_for_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._tapping.clear()
        self._thread.join()

    def wait_for_more(self) -> None:
        wanted = len(self.accepted) + 3
        wait_for(lambda: len(self.accepted) >= wanted)

    def _tap(self) -> None:
        day = date.today()  # noqa: DTZ011 - any day does
        while self._tapping.is_set():
            day -= timedelta(days=1)
            tap = {"is_complete": True, "day": str(day)}
            path = f"/panels/{self.panel_id}/entries"
            response = self._service.client.post(path, json=tap, headers=self._headers)
            self.statuses.add(response.status_code)
            if response.status_code == 200:
                self.accepted.append(str(day))


def tapped(database_url: str, panel_id: int) -> set[str]:
    """The days that are tapped for a panel."""
    return {str(row[3]) for row in rows_of(database_url)["entries"] if row[2] == panel_id}


def test_backups_under_load_bring_back_every_row_and_the_service_goes_on(home: Home, tmp_path: Path) -> None:
    fill(home.database_url, users=1_000)
    with Service(home.database_url, tmp_path, RATE_LIMITS="off") as service:
        tapper = Tapper(service)
        before = rows_of(home.database_url)
        assert all(before.values()), "every table has rows"
        with tapper:
            at_first = list(tapper.accepted)
            backups = [Path(home.backup(kind).stdout.removesuffix("\n")) for kind in KINDS]
            tapper.wait_for_more()
        # When they were active last, and whether the mail that welcomes them is sent, changes meanwhile.
        before |= {
            name: {row for row in before[name] if "tapper@example.com" not in row} for name in ("users", "outbox")
        }
        for backup in backups:
            clear(home.database_url)
            home.restore(backup)
            after = rows_of(home.database_url)
            assert [table for table in before if not before[table] <= after[table]] == []
            # What came in meanwhile is there up to some tap, and nothing behind it.
            days = tapped(home.database_url, tapper.panel_id)
            assert days == set(tapper.accepted[: len(days)])
            assert days >= set(at_first)
        assert_goes_on(service, after)


def assert_goes_on(service: Service, rows: Rows) -> None:
    """A service answers again without being started anew, and gives no id that there was before."""
    new = {"email": "new@example.com", "name": "New", "password": PASSWORD}
    user = posted(service, "/users", json=new)
    token = posted(service, "/token", data={"username": new["email"], "password": PASSWORD})["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    panel = posted(service, "/panels", json={"title": "Read"}, headers=headers)
    entry = posted(service, f"/panels/{panel['id']}/entries", json={"is_complete": True}, headers=headers)
    for table, row in (("users", user), ("panels", panel), ("entries", entry)):
        assert row["id"] > max(int(str(id_)) for id_, *_ in rows[table])


def posted(service: Service, path: str, **options: Any) -> Any:
    """Post, again while the service finds out that the restore closed its connections."""

    def post() -> httpx2.Response | None:
        response = service.client.post(path, **options)
        return None if response.status_code == 503 else response

    return data(wait_for(post))


def test_what_is_tapped_during_a_restore_is_in_the_backup_or_in_the_database(filled: Home, tmp_path: Path) -> None:
    with Service(filled.database_url, tmp_path, RATE_LIMITS="off") as service:
        tapper = Tapper(service)
        file = filled.dump()
        with tapper:
            filled.restore(file)
            tapper.wait_for_more()
        assert tapper.statuses <= {200, 503}
    now = tapped(filled.database_url, tapper.panel_id)
    (replaced,) = filled.folder.glob("*_full.*[bp]")
    clear(filled.database_url)
    filled.restore(replaced)
    assert set(tapper.accepted) == now | tapped(filled.database_url, tapper.panel_id)


def test_restoring_says_how_many_rows_each_table_had_and_has(filled: Home, capsys: pytest.CaptureFixture[str]) -> None:
    file = filled.dump()
    clear(filled.database_url)
    capsys.readouterr()
    filled.restore(file)
    counts = {table: ["0", str(len(rows))] for table, rows in rows_of(filled.database_url).items()}
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["table", "before", "after"]
    assert {line[0]: line[1:] for line in lines[1:]} == counts
    assert list(filled.folder.iterdir()) == [], "nothing was there to back up"


def test_a_database_that_is_missing_is_made(filled: Home, request: pytest.FixtureRequest, backend: str) -> None:
    file, rows = filled.dump(), rows_of(filled.database_url)
    if backend == "sqlite":
        Path(str(make_url(filled.database_url).database)).unlink()
    else:
        request.getfixturevalue("postgres_server").drop_database("test")
    filled.restore(file)
    assert rows_of(filled.database_url) == rows


# --- Nothing is lost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_dump_is_refused(filled: Home, kind: str) -> None:
    file = filled.dump(kind)
    content = bytearray(file.read_bytes())
    for position in range(1_000, len(content), 1_000):
        content[position] ^= 0xFF
    file.write_bytes(content)
    assert "is not what its checksum says" in filled.complaint("restore", "--yes", str(file))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.2, 0.9])
def test_a_damaged_dump_whose_checksum_is_right_is_refused(filled: Home, kind: str, part: float) -> None:
    file = filled.dump(kind)
    content = bytearray(file.read_bytes())
    middle = int(len(content) * part)
    content[middle : middle + 4_096] = bytes(byte ^ 0xFF for byte in content[middle : middle + 4_096])
    file.write_bytes(content)
    sign(file)
    assert filled.complaint("restore", "--yes", str(file))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.01, 0.9])
def test_a_truncated_dump_whose_checksum_is_right_is_refused(filled: Home, kind: str, part: float) -> None:
    file = filled.dump(kind)
    os.truncate(file, int(file.stat().st_size * part))
    sign(file)
    assert filled.complaint("restore", "--yes", str(file))


def test_a_truncated_dump_is_refused(filled: Home) -> None:
    file = filled.dump()
    os.truncate(file, file.stat().st_size - 1)
    assert "is not what its checksum says" in filled.complaint("restore", "--yes", str(file))


def test_a_dump_without_a_checksum_is_refused(filled: Home) -> None:
    file = filled.dump()
    checksum_of(file).unlink()
    assert "There is no checksum beside it" in filled.complaint("restore", "--yes", str(file))


def test_a_file_that_is_not_there_is_refused(filled: Home, tmp_path: Path) -> None:
    assert filled.complaint("restore", "--yes", str(tmp_path / "no.db")) == f"There is no file {tmp_path}/no.db."


def test_what_is_no_dump_is_refused(filled: Home, tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("These are my notes.")
    sign(file)
    assert "is no dump of Nine Panels" in filled.complaint("restore", "--yes", str(file))


def test_a_dump_of_the_other_kind_of_database_is_refused(
    filled: Home, backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if backend == "sqlite":
        file, names = tmp_path / "other.dump", "PostgreSQL, and the database here is SQLite"
        file.write_bytes(b"PGDMP and so on")
    else:
        file, names = tmp_path / "other.db", "SQLite, and the database here is PostgreSQL"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
    sign(file)
    assert names in filled.complaint("restore", "--yes", str(file))


def test_a_dump_of_a_newer_schema_is_refused(filled: Home) -> None:
    change(filled.database_url, "UPDATE alembic_version SET version_num = 'fedcba987654'")
    file = filled.dump()
    change(filled.database_url, f"UPDATE alembic_version SET version_num = '{crud.schema.REVISION}'")  # noqa: S608 - our own
    assert "'fedcba987654', which this release does not know" in filled.complaint("restore", "--yes", str(file))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("tables", [["notes (body)"], ["notes (body)", "alembic_version (version_num)"]])
def test_a_dump_of_another_project_is_refused(filled: Home, tmp_path: Path, tables: list[str]) -> None:
    file = tmp_path / "notes.db"
    for table in tables:
        change(f"sqlite:///{file}", f"CREATE TABLE {table}")
        change(f"sqlite:///{file}", f"INSERT INTO {table.split()[0]} VALUES ('594bed1947a4')")  # noqa: S608 - our own
    sign(file)
    assert "is no dump of Nine Panels" in filled.complaint("restore", "--yes", str(file))


def test_what_is_not_ours_is_not_replaced(filled: Home) -> None:
    file = filled.dump()
    change(filled.database_url, "CREATE TABLE notes (body text)")
    try:
        assert "holds what this release knows nothing of: notes" in filled.complaint("restore", "--yes", str(file))
    finally:
        change(filled.database_url, "DROP TABLE notes")


def test_a_dump_of_an_earlier_schema_is_brought_up_to_this_one(empty_home: Home) -> None:
    migrate(empty_home.database_url, "594bed1947a4")
    values = "7, 'ada@example.com', 'Ada', 'x', false, 'UTC', 0, '2026-11-23 12:00:00'"
    columns = "id, email, name, hashed_password, is_admin, timezone, day_starts_at, created_at"
    change(empty_home.database_url, f"INSERT INTO users ({columns}) VALUES ({values})")  # noqa: S608 - our own
    file = empty_home.dump()
    change(empty_home.database_url, "DELETE FROM users")
    empty_home.restore(file)
    assert [row[:2] for row in rows_of(empty_home.database_url)["users"]] == [(7, "ada@example.com")]


# --- What is in the way -----------------------------------------------------------------------------------------------


NO_ROOM = "disk is full|No space left|disk I/O error|File too large|status -25"
ROOM = 16_384
ROOM_FOR_SQLITE = 65_536
"""What it needs beside a database that is open."""


@contextlib.contextmanager
def disk_without_room(folder: Path, *files: Path, room: int = ROOM) -> Iterator[None]:
    """A small disk with copies of these files on it, and room for little more.

    Only root can make a disk; whoever else runs the tests may write no file that is larger than that room.
    """
    if is_root := os.geteuid() == 0:
        size = room + sum(-(-file.stat().st_size // 4_096) * 4_096 for file in files)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for file in files:
            shutil.copy(file, folder)
        if not is_root:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        if is_root:
            subprocess.run(["umount", folder], check=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty one."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


def test_a_backup_there_is_no_room_for_is_one_line_and_leaves_the_earlier_ones(
    filled: Home, backend: str, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tmp_path / f"20200101T000000Z_TEST_full.{SUFFIXES[backend]}"
    earlier.touch()
    sign(earlier)
    monkeypatch.setenv("NINEPANELS_BACKUP_DIR", str(folder))
    with disk_without_room(folder, earlier, checksum_of(earlier)):
        result = filled.backup("full", "--keep", "1")
        assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
        assert re.search(NO_ROOM, result.stderr)
        assert {path.name for path in folder.iterdir()} == {earlier.name, checksum_of(earlier).name}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_restore_whose_backup_fails_replaces_nothing(
    filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    (tmp_path / "notes").touch()
    monkeypatch.setenv("NINEPANELS_BACKUP_DIR", str(tmp_path / "notes"))
    complaint = filled.complaint("restore", "--yes", str(file))
    assert complaint == f"What is there could not be backed up, so nothing was replaced: {tmp_path}/notes: File exists"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_restore_there_is_no_room_for_replaces_nothing(
    filled: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    with disk_without_room(folder, Path(str(make_url(filled.database_url).database)), room=ROOM_FOR_SQLITE):
        filled.database_url = f"sqlite:///{folder}/test.db"
        monkeypatch.setenv("NINEPANELS_DATABASE_URL", filled.database_url)
        assert re.search(NO_ROOM, filled.complaint("restore", "--yes", str(file)))
        assert [path.name for path in folder.iterdir()] == ["test.db"]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("verb", ["full", "data", "restore"])
def test_without_postgresqls_programs_it_says_what_is_missing(
    filled: Home, verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = ["restore", "--yes", str(file)] if verb == "restore" else ["write", verb]
    program = "pg_restore" if verb == "restore" else "pg_dump"
    assert f"There is no {program} on the PATH" in filled.complaint(*arguments)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_pg_dump_that_is_older_than_the_server_is_one_line(
    filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, "echo 'pg_dump (PostgreSQL) 9.6.24 (Debian 9.6.24-1)'")
    put_on_path(monkeypatch, tmp_path)
    assert "pg_dump is of version 9 and the server of 18" in filled.complaint("write", "full")


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_the_password_is_in_no_list_of_arguments(filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which("pg_dump")
    stand_in(tmp_path, f'echo "$* $PGPASSWORD" >>{tmp_path}/seen; exec {real} "$@"')
    put_on_path(monkeypatch, tmp_path)
    url = make_url(filled.database_url).set(password="hunter2 @/")
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", url.render_as_string(hide_password=False))
    filled.call("write", "full")
    for line in (tmp_path / "seen").read_text().splitlines():
        assert line.endswith(" hunter2 @/")
        assert line.count("hunter2") == 1


def stand_in(folder: Path, script: str) -> None:
    program = folder / "pg_dump"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("verb", ["full", "restore"])
def test_a_database_that_is_away_is_one_line(
    filled: Home, backend: str, verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    with socket.socket() as dead:
        # Bound, but not listened to.
        dead.bind(("127.0.0.1", 0))
        server = f"postgresql://ada:hunter2@127.0.0.1:{dead.getsockname()[1]}/test"
        away = {"sqlite": f"sqlite:///{tmp_path}/no/folder/test.db", "postgresql": server}[backend]
        monkeypatch.setenv("NINEPANELS_DATABASE_URL", away)
        with pytest.raises(SystemExit) as caught:
            filled.call(*(["restore", str(file)] if verb == "restore" else ["write", verb]))
    assert re.fullmatch(".*(Connection refused|no database yet|No such file).*", str(caught.value.code))
    assert "hunter2" not in str(caught.value.code)


KILLED = """
import os, sqlite3, sys
from ninepanels import crud, environments
from ninepanels.database import make_engine
from ninepanels.ops.backups import __main__ as dumps

class KilledHalfWay(sqlite3.Connection):
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
sqlite3.connect = lambda *args, **options: connect(*args, **{"factory": KilledHalfWay, **options})
crud.databases.rename = rename_and_be_killed
environments.branch = lambda: "a-better-tap"
dumps.main()
"""


def test_what_was_there_is_there_when_a_restore_is_killed_while_it_replaces_it(
    home: Home, backend: str, request: pytest.FixtureRequest
) -> None:
    # More than SQLite keeps in memory: half of it is written when it is killed.
    fill(home.database_url, users := 1_000 if backend == "sqlite" else 20)
    file = home.dump()
    change(home.database_url, "DELETE FROM users WHERE id > 10")
    before = rows_of(home.database_url)
    command = [sys.executable, "-c", KILLED, "restore", str(file)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert rows_of(home.database_url) == before
    if backend == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        (leftover,) = server.databases("ninepanels_%")
        server.drop_database(leftover)
    home.restore(file)
    assert len(rows_of(home.database_url)["users"]) == users


# --- Who may ---------------------------------------------------------------------------------------------------------

DOORS = {
    "mc.sh": ["./mc.sh"],
    "backup.sh": ["./backup.sh"],
    "dumps": [".venv/bin/python", "-m", "ninepanels.ops.backups"],
}


@dataclass
class Branch:
    """A checkout on a branch, with rows in its database and a dump of others."""

    checkout: Path
    database_url: str
    file: Path

    def restore(self, *command: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        backups = str(self.checkout / "backups")
        switches = [each for each in command if each.startswith("--yes")]
        before = [each for each in command if each not in switches]
        line = [*before, "restore", *switches, str(self.file)]
        return run(line, self.checkout, self.database_url, typed, BACKUP_DIR=backups, RATE_LIMITS="on", **settings)

    def users(self) -> int:
        return len(rows_of(self.database_url)["users"])


@pytest.fixture
def branch(checkout: Path, sqlite_template: Path, tmp_path: Path) -> Branch:
    here, there = tmp_path / "here.db", tmp_path / "there.db"
    for path, users in ((here, 3), (there, 5)):
        shutil.copy(sqlite_template, path)
        fill(f"sqlite:///{path}", users)
    sign(there)
    return Branch(checkout, f"sqlite:///{here}", there)


@pytest.mark.parametrize("door", DOORS)
def test_on_main_nothing_is_restored_over_data_whatever_is_said(branch: Branch, door: str) -> None:
    result = branch.restore(*DOORS[door], "--yes", typed="yes\nMAIN\n")
    assert_refuses_with_one_line(result, "'restore' is refused on MAIN")
    assert branch.users() == 3


@pytest.mark.parametrize("door", DOORS)
def test_naming_test_on_mains_database_does_not_help(branch: Branch, door: str) -> None:
    if door == "dumps":
        result = branch.restore(*DOORS[door], "--yes", typed="yes\n", ENV="TEST")
    else:
        result = branch.restore(*DOORS[door], "--env", "TEST", "--yes", typed="yes\n")
    assert_refuses_with_one_line(result, "'restore' is refused on MAIN")
    assert branch.users() == 3


def test_on_main_a_database_without_rows_is_restored(branch: Branch) -> None:
    clear(branch.database_url)
    result = branch.restore("./mc.sh")
    assert result.returncode == 0, result.stderr
    assert branch.users() == 5


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_on_main_rows_that_come_in_during_a_restore_are_not_replaced(
    filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    clear(filled.database_url)
    migrate = migrations.migrate

    def migrate_while_others_sign_up(database_url: str) -> None:
        fill(filled.database_url, users=3)
        migrate(database_url)

    monkeypatch.setattr(migrations, "migrate", migrate_while_others_sign_up)
    monkeypatch.setattr(environments, "branch", lambda: "main")
    with pytest.raises(SystemExit, match="'restore' is refused on MAIN"):
        filled.restore(file)
    assert len(rows_of(filled.database_url)["users"]) == 3


@pytest.mark.parametrize("door", DOORS)
def test_on_staging_it_wants_the_name_typed(branch: Branch, door: str) -> None:
    switch(branch.checkout, "staging")
    result = branch.restore(*DOORS[door], typed="yes\n")
    assert (result.returncode, result.stdout, branch.users()) == (1, "", 3)
    assert "'restore' was not confirmed; nothing was done." in result.stderr


@pytest.mark.parametrize(("command", "typed"), [(["./mc.sh"], "STAGING\n"), (["./backup.sh", "--yes"], "")])
def test_on_staging_what_is_confirmed_is_done(branch: Branch, command: list[str], typed: str) -> None:
    switch(branch.checkout, "staging")
    result = branch.restore(*command, typed=typed)
    assert result.returncode == 0, result.stderr
    assert branch.users() == 5
