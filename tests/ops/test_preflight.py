"""What the release checklist asks of an environment; test_mission_control.py has the whole of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import NullPool
from sqlalchemy import text

from ninepanels.database import make_engine
from ninepanels.ops import preflight
from ninepanels.ops.migrations import migrate

from ..conftest import Clock

Look = Callable[[], dict[str, str]]

SETTINGS = "the settings of this environment can be read"
SCHEMA = "the database's schema is in step with this release"
BACKUP = "there is a backup of the last 24 hours"

NOON = "20261123T120000Z"
JUST_FRESH = "20261122T120000Z"
STALE = "20261122T115959Z"


@pytest.fixture
def backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    monkeypatch.setenv("NINEPANELS_BACKUP_DIR", str(folder))
    return folder


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Look:
    """Look at the checklist, and return what it says of each item: \"ok\", or what to do."""

    def look() -> dict[str, str]:
        with pytest.raises(SystemExit) as left:
            preflight.main()
        said = {}
        for line in capsys.readouterr().out.splitlines():
            verdict, rest = line.split(maxsplit=1)
            item, _, cure = rest.partition(": ")
            said[item] = cure if verdict == "FAILED" else verdict
        assert set(said) == set(preflight.CHECKLIST)
        assert left.value.code == (set(said.values()) != {"ok"})
        return said

    monkeypatch.setenv("NINEPANELS_ENV", "TEST")
    return look


def set_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", url)


def back_up(folder: Path, name: str) -> None:
    (folder / name).touch()
    (folder / f"{name}.sha256").touch()


# --- The settings -----------------------------------------------------------------------------------------------------


def test_a_wrong_setting_fails_and_no_item_is_left_out(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINEPANELS_THREADS", "0")
    said = look()
    assert [said[item].partition(": ")[0] for item in (SETTINGS, SCHEMA, BACKUP)] == ["NINEPANELS_THREADS"] * 3


# --- The schema -------------------------------------------------------------------------------------------------------


def test_a_database_at_the_head_is_in_step(database_url: str, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    set_database(monkeypatch, database_url)
    assert look()[SCHEMA] == "ok"


@pytest.mark.parametrize("revision", [None, "594bed1947a4"])
def test_a_database_of_before_this_release_is_to_be_migrated(
    empty_database_url: str, revision: str | None, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    if revision:
        migrate(empty_database_url, revision)
    set_database(monkeypatch, empty_database_url)
    assert look()[SCHEMA].endswith("./mc.sh migrate")


def test_models_that_no_migration_follows_want_a_revision(
    empty_database_url: str, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty_database_url)
    engine = make_engine(empty_database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE panels DROP COLUMN description"))
    set_database(monkeypatch, empty_database_url)
    assert look()[SCHEMA].endswith("./mc.sh revision MESSAGE")


@pytest.mark.parametrize(
    "url",
    ["sqlite:////in/no/folder.db", "postgresql://ada:hunter2@127.0.0.1:1/ninepanels"],
    ids=["sqlite", "postgresql"],
)
def test_a_database_that_is_away_is_said_so(url: str, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    set_database(monkeypatch, url)
    said = look()
    assert said[SCHEMA].startswith("the database is away")
    assert "hunter2" not in str(said)


# --- The backup -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken_at", [NOON, JUST_FRESH])
@pytest.mark.parametrize("rest", ["full.dump", "full.db", "data.dump", "data.db"])
def test_a_backup_of_the_last_day_is_fresh(
    backups: Path, wall_clock: Clock, look: Look, taken_at: str, rest: str
) -> None:
    assert wall_clock.now
    back_up(backups, f"{taken_at}_TEST_{rest}")
    back_up(backups, f"{STALE}_TEST_{rest}")
    assert look()[BACKUP] == "ok"


@pytest.mark.parametrize(
    "name",
    [
        f"{STALE}_TEST_full.dump",
        f"{NOON}_MAIN_full.dump",
        f"{NOON}_TEST_full.dump.part",
        f".{NOON}_TEST_full.dump",
        f"{NOON}_TEST_half.dump",
    ],
)
def test_no_other_backup_is(backups: Path, wall_clock: Clock, look: Look, name: str) -> None:
    assert wall_clock.now
    back_up(backups, name)
    assert look()[BACKUP].endswith("./mc.sh backup full")


@pytest.mark.parametrize("name", [f"{NOON}_TEST_full.dump", f"{NOON}_TEST_full.dump.sha256"])
def test_half_a_backup_is_none(backups: Path, wall_clock: Clock, look: Look, name: str) -> None:
    assert wall_clock.now
    (backups / name).touch()
    assert look()[BACKUP].endswith("./mc.sh backup full")


def test_without_a_folder_for_backups_there_is_none(backups: Path, look: Look) -> None:
    backups.rmdir()
    assert look()[BACKUP].endswith("./mc.sh backup full")
