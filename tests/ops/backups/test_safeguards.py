"""On which branches a restore may replace existing rows."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ninepanels import config
from ninepanels import environments
from ninepanels.ops import migrations

from ...support.backends import on_sqlite
from ...support.checkouts import assert_refuses_with_one_line
from ...support.checkouts import run
from ...support.checkouts import switch
from ...support.filling import fill
from ...support.filling import rows_of
from .conftest import Installation
from .conftest import delete_all_rows
from .conftest import seal

COMMANDS = {
    "mc.sh": ["./mc.sh"],
    "backup.sh": ["./backup.sh"],
    "ninepanels": [".venv/bin/python", "-m", "ninepanels"],
}


def each_command(first: str) -> pytest.MarkDecorator:
    """Run a test with each command, all but the first one as proofs."""
    names = [pytest.param(name, marks=() if name == first else pytest.mark.prove) for name in COMMANDS]
    return pytest.mark.parametrize("command_name", names)


@dataclass
class Branch:
    """A checkout on a branch, a database with rows, and a dump with different rows."""

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
def branch(checkout: Path, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Branch:
    monkeypatch.setattr(config, "VAR", checkout / "var")
    database, dump = tmp_path / "database.db", tmp_path / "dump.db"
    for path, users in ((database, 3), (dump, 5)):
        shutil.copy(sqlite_template, path)
        fill(f"sqlite:///{path}", users)
    seal(dump)
    return Branch(checkout, f"sqlite:///{database}", dump)


@each_command("mc.sh")
def test_on_main_no_flag_allows_a_restore_over_existing_rows(branch: Branch, command_name: str) -> None:
    result = branch.restore(*COMMANDS[command_name], "--yes", typed="yes\nMAIN\n")
    assert_refuses_with_one_line(result, "'restore' is refused on MAIN")
    assert branch.users() == 3


@each_command("backup.sh")
def test_the_database_of_main_is_protected_under_the_name_test(branch: Branch, command_name: str) -> None:
    if command_name == "ninepanels":
        result = branch.restore(*COMMANDS[command_name], "--yes", typed="yes\n", ENV="TEST")
    else:
        result = branch.restore(*COMMANDS[command_name], "--env", "TEST", "--yes", typed="yes\n")
    assert_refuses_with_one_line(result, "'restore' is refused on MAIN")
    assert branch.users() == 3


def test_on_main_an_empty_database_can_be_restored(branch: Branch) -> None:
    delete_all_rows(branch.database_url)
    result = branch.restore("./mc.sh")
    assert result.returncode == 0, result.stderr
    assert branch.users() == 5


@on_sqlite
def test_on_main_rows_written_during_a_restore_are_not_replaced(
    filled: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    delete_all_rows(filled.database_url)
    migrate = migrations.migrate

    def migrate_during_sign_ups(database_url: str, revision: str = "head") -> None:
        if revision == "head":
            fill(filled.database_url, users=3)
        migrate(database_url, revision)

    monkeypatch.setattr(migrations, "migrate", migrate_during_sign_ups)
    monkeypatch.setattr(environments, "branch", lambda: "main")
    with pytest.raises(SystemExit, match="'restore' is refused on MAIN"):
        filled.restore(file)
    assert len(rows_of(filled.database_url)["users"]) == 3


@each_command("dumps")
def test_on_staging_the_name_must_be_typed(branch: Branch, command_name: str) -> None:
    switch(branch.checkout, "staging")
    result = branch.restore(*COMMANDS[command_name], typed="yes\n")
    assert (result.returncode, result.stdout, branch.users()) == (1, "", 3)
    assert "'restore' was not confirmed; nothing was done." in result.stderr


@pytest.mark.parametrize(
    ("command", "typed"),
    [(["./mc.sh"], "STAGING\n"), pytest.param(["./backup.sh", "--yes"], "", marks=pytest.mark.prove)],
)
def test_on_staging_a_confirmed_restore_runs(branch: Branch, command: list[str], typed: str) -> None:
    switch(branch.checkout, "staging")
    result = branch.restore(*command, typed=typed)
    assert result.returncode == 0, result.stderr
    assert branch.users() == 5
