"""The release checklist."""

import shutil
from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import NullPool
from sqlalchemy import text

from ninepanels import environments
from ninepanels.database import make_engine
from ninepanels.ops import preflight
from ninepanels.ops.migrations import migrate

from ..conftest import Clock
from ..support.checkouts import execute
from ..support.checkouts import program
from ..support.checkouts import run
from ..support.checkouts import variables
from .conftest import DATABASE_URL

Check = Callable[[], dict[str, str]]

SETTINGS = "the settings are valid"
SCHEMA = "the database schema matches this release"
BACKUPS = {
    "full": "there is a full backup of the last 24 hours",
    "data": "there is a data-only backup of the last 24 hours",
}

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
def check(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """Run the checks of `ops.preflight` and return for each item "ok" or what to do."""

    def check() -> dict[str, str]:
        with pytest.raises(SystemExit) as caught:
            preflight.main()
        results = {}
        for line in capsys.readouterr().out.splitlines():
            verdict, rest = line.split(maxsplit=1)
            item, _, instruction = rest.partition(": ")
            results[item] = instruction if verdict == "FAILED" else verdict
        assert set(results) == set(preflight.CHECKLIST)
        assert caught.value.code == (set(results.values()) != {"ok"})
        return results

    monkeypatch.setenv("NINEPANELS_ENV", "TEST")
    return check


def set_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", url)


def back_up(folder: Path, name: str) -> None:
    (folder / name).touch()
    (folder / f"{name}.sha256").touch()


# --- The settings -----------------------------------------------------------------------------------------------------


def test_an_invalid_setting_fails_and_all_items_are_checked(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINEPANELS_THREADS", "0")
    results = check()
    items = (SETTINGS, SCHEMA, *BACKUPS.values())
    assert [results[item].partition(": ")[0] for item in items] == ["NINEPANELS_THREADS"] * 4


# --- The schema -------------------------------------------------------------------------------------------------------


def test_a_database_at_head_passes(database_url: str, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    set_database(monkeypatch, database_url)
    assert check()[SCHEMA] == "ok"


@pytest.mark.parametrize("revision", [None, "594bed1947a4"])
def test_a_database_of_an_earlier_release_must_be_migrated(
    empty_database_url: str, revision: str | None, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    if revision:
        migrate(empty_database_url, revision)
    set_database(monkeypatch, empty_database_url)
    assert check()[SCHEMA].endswith("./mc.sh migrate")


def test_models_without_a_migration_need_a_revision(
    migrated_url: str, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(migrated_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE panels DROP COLUMN description"))
    set_database(monkeypatch, migrated_url)
    assert check()[SCHEMA].endswith("./mc.sh revision MESSAGE")


@pytest.mark.parametrize(
    "url",
    ["sqlite:////in/no/folder.db", "postgresql://ada:hunter2@127.0.0.1:1/ninepanels"],
    ids=["sqlite", "postgresql"],
)
def test_an_unavailable_database_fails(url: str, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    set_database(monkeypatch, url)
    results = check()
    assert results[SCHEMA].startswith("the database is unavailable")
    assert "hunter2" not in str(results)


# --- The backups ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken_at", [NOON, JUST_FRESH])
@pytest.mark.parametrize("suffix", ["dump", "db"])
def test_a_full_and_a_data_backup_of_the_last_24_hours_pass(
    backups: Path, wall_clock: Clock, check: Check, taken_at: str, suffix: str
) -> None:
    assert wall_clock.now
    for kind in BACKUPS:
        back_up(backups, f"{taken_at}_TEST_{kind}.{suffix}")
        back_up(backups, f"{STALE}_TEST_{kind}.{suffix}")
    assert {check()[item] for item in BACKUPS.values()} == {"ok"}


@pytest.mark.parametrize(("kind", "missing"), [("full", "data"), ("data", "full")])
def test_a_backup_of_one_kind_does_not_pass_for_the_other(
    backups: Path, wall_clock: Clock, check: Check, kind: str, missing: str
) -> None:
    assert wall_clock.now
    back_up(backups, f"{NOON}_TEST_{kind}.db")
    back_up(backups, f"{STALE}_TEST_{missing}.db")
    results = check()
    assert results[BACKUPS[kind]] == "ok"
    assert results[BACKUPS[missing]].endswith(f"run ./mc.sh backup {missing}")


@pytest.mark.parametrize("kind", BACKUPS)
@pytest.mark.parametrize(
    "name",
    [
        f"{STALE}_TEST_{{}}.dump",
        f"{NOON}_MAIN_{{}}.dump",
        f"{NOON}_TEST_{{}}.dump.part",
        f".{NOON}_TEST_{{}}.dump",
    ],
)
def test_other_backups_do_not_pass(backups: Path, wall_clock: Clock, check: Check, name: str, kind: str) -> None:
    assert wall_clock.now
    back_up(backups, name.format(kind))
    back_up(backups, f"{NOON}_TEST_half.dump")
    assert check()[BACKUPS[kind]].endswith(f"./mc.sh backup {kind}")


@pytest.mark.parametrize("kind", BACKUPS)
@pytest.mark.parametrize("suffix", ["dump", "dump.sha256"])
def test_an_incomplete_backup_does_not_pass(
    backups: Path, wall_clock: Clock, check: Check, kind: str, suffix: str
) -> None:
    assert wall_clock.now
    (backups / f"{NOON}_TEST_{kind}.{suffix}").touch()
    assert check()[BACKUPS[kind]].endswith(f"./mc.sh backup {kind}")


def test_a_missing_backup_directory_fails(backups: Path, check: Check) -> None:
    backups.rmdir()
    results = check()
    assert all(results[item].endswith(f"./mc.sh backup {kind}") for kind, item in BACKUPS.items())


# --- The whole checklist, with the items that mc.sh checks itself -----------------------------------------------------


@pytest.fixture
def release(checkout: Path, sqlite_template: Path, tmp_path: Path) -> dict[str, str]:
    """Make the checkout ready for a release and return its environment variables."""
    for name in (".gitignore", "README.md"):
        shutil.copy(environments.ROOT / name, checkout / name)
    if (own_poetry := environments.ROOT / ".poetry").exists():
        (checkout / ".poetry").symlink_to(own_poetry)
        # The pattern in .gitignore matches directories only, not this link.
        (checkout / ".git" / "info" / "exclude").write_text(".poetry\n")
    shutil.copy(sqlite_template, tmp_path / "main.db")
    commit = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--message", "Release"]
    run([program("git"), "add", "."], checkout, DATABASE_URL)
    run([program("git"), *commit], checkout, DATABASE_URL)
    backups = tmp_path / "backups"
    backups.mkdir()
    for kind in BACKUPS:
        back_up(backups, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}_MAIN_{kind}.db")
    return variables(f"sqlite:///{tmp_path}/main.db", BACKUP_DIR=str(backups))


def test_a_complete_release_passes_the_preflight(checkout: Path, release: dict[str, str]) -> None:
    result = execute(["./mc.sh", "preflight"], checkout, release)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["ok"] * 8, result.stdout
    assert result.returncode == 0


def test_all_failed_items_are_reported_at_once(checkout: Path, release: dict[str, str]) -> None:
    (checkout / "ninepanels" / "hasty.py").write_text("import datetime\nprint(datetime.datetime.now())\n")
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace("rich (>=15.0,", "rich (>=14.0,"))
    stamp = run([program("cksum"), "pyproject.toml", "poetry.lock"], checkout, DATABASE_URL).stdout
    (checkout / ".venv" / ".installed-dev").write_text(stamp)
    missing = {"NINEPANELS_DATABASE_URL": f"sqlite:///{checkout}/no/such.db", "NINEPANELS_BACKUP_DIR": str(checkout)}
    result = execute(["./mc.sh", "preflight"], checkout, release | missing)
    verdicts = [line.split()[0] for line in result.stdout.splitlines()]
    assert sorted(verdicts) == ["FAILED"] * 7 + ["ok"], result.stdout
    assert result.returncode == 1
