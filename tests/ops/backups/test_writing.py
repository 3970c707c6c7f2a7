"""backup.sh full|data: a backup is complete, private and has a checksum."""

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from ninepanels.ops import failures

from ...support.backends import on_sqlite
from ...support.checkouts import assert_refuses_with_one_line
from ...support.servers import PROGRAM_DEADLINE_S
from .conftest import SUFFIXES
from .conftest import Installation
from .conftest import all_of
from .conftest import checksum_path
from .conftest import signature_path


def test_a_backup_is_named_by_time_environment_and_kind_and_has_a_checksum(filled: Installation, backend: str) -> None:
    result = filled.backup("full")
    assert (result.returncode, result.stderr) == (0, "")
    file = Path(result.stdout.removesuffix("\n"))
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z_TEST_full\.{SUFFIXES[backend]}", file.name)
    assert set(filled.folder.iterdir()) == all_of(file)
    subprocess.run(["sha256sum", "--check", "--strict", checksum_path(file)], cwd=filled.folder, check=True)
    assert {oct(path.stat().st_mode & 0o777) for path in all_of(file)} == {"0o600"}
    assert oct(filled.folder.stat().st_mode & 0o777) == "0o700"


@on_sqlite
def test_backups_started_in_the_same_second_are_both_kept(filled: Installation) -> None:
    command = [str(filled.script), "full"]
    backups = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    files = {Path(backup.communicate(timeout=PROGRAM_DEADLINE_S)[0].removesuffix("\n")) for backup in backups}
    assert [backup.returncode for backup in backups] == [0, 0]
    assert set(filled.folder.iterdir()) == all_of(*files)
    assert len(files) == 2


@on_sqlite
def test_keep_deletes_the_oldest_complete_backups_of_this_environment_and_kind(filled: Installation) -> None:
    filled.folder.mkdir(mode=0o700)
    old = [filled.folder / f"2020010{day}T000000Z_TEST_full.db" for day in range(1, 4)]
    others = [f"20200101T000000Z_{name}" for name in ("MAIN_full.db", "TEST_data.db", "TEST_full.db.part")]
    kept = [filled.folder / name for name in (*others, "20200104T000000Z_TEST_full.db", "notes")]
    for file in (*old, *kept):
        file.touch()
    for file in (*old, *kept[:2]):
        checksum_path(file).touch()
    new = Path(filled.backup("full", "--keep", "2").stdout.removesuffix("\n"))
    expected = {new, old[-1], *kept}
    expected |= {signature_path(new), *(checksum_path(file) for file in (new, old[-1], *kept[:2]))}
    assert set(filled.folder.iterdir()) == expected


@on_sqlite
def test_a_damaged_database_is_not_backed_up_and_no_earlier_backup_is_deleted(filled: Installation) -> None:
    filled.backup("full")
    before = set(filled.folder.iterdir())
    path = Path(filled.database_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'users'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    assert_refuses_with_one_line(filled.backup("full", "--keep", "1"), failures.DAMAGED)
    assert set(filled.folder.iterdir()) == before


@on_sqlite
@pytest.mark.parametrize(
    "arguments", [(), ("fool",), ("full", "--keep"), ("full", "--keep", "0"), ("data", "--keep", "all"), ("restore",)]
)
def test_invalid_arguments_are_reported_in_one_line(installation: Installation, arguments: tuple[str, ...]) -> None:
    result = installation.backup(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"\./mc\.sh (backup|restore): error: .*\n", result.stderr)


def test_a_database_without_a_schema_is_not_backed_up(empty_installation: Installation) -> None:
    with pytest.raises(SystemExit, match=r"^The(re is no database| database has no schema) yet"):
        empty_installation.dump()
    assert not empty_installation.folder.exists()
