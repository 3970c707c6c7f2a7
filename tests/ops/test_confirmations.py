"""The questions of `data clear` and `restore` before they delete rows, asked by the real mc.sh on a pseudo-terminal."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ninepanels.ops.migrations import migrate

from ..support.backends import on_sqlite
from ..support.checkouts import execute
from ..support.checkouts import switch
from ..support.checkouts import variables
from ..support.filling import fill
from ..support.filling import rows_of
from ..support.rows import all_rows
from ..support.terminal import CTRL_C
from ..support.terminal import CTRL_D
from ..support.terminal import Terminal
from ..support.values import for_each
from .backups.conftest import delete_all_rows
from .backups.conftest import put_on_path
from .conftest import PROMPT
from .conftest import choose
from .conftest import execute_sql

BACKUP = r"Back up first\? \[Y/n\] $"
BRANCHES = {"FEATURE": "a-better-tap", "STAGING": "staging", "TEST": "main"}
USERS = 3

each_environment = pytest.mark.parametrize(
    ("backend", "env"), [("sqlite", "FEATURE"), ("postgresql", "STAGING"), ("sqlite", "TEST")], indirect=["backend"]
)


def name_of(env: str) -> str:
    """The question for the name of an environment, as a pattern."""
    return rf"Type {env} to continue: $"


@dataclass
class Installation:
    """A checkout whose database has rows."""

    checkout: Path
    database_url: str

    @property
    def backups(self) -> Path:
        return self.checkout / "var" / "backups"

    def terminal(self, env: str, *arguments: str) -> Terminal:
        """Run mc.sh on a terminal, in an environment; without arguments, it is the menu."""
        return Terminal(self.command(env, *arguments), self.checkout, self.variables())

    def run(self, env: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run mc.sh without a terminal."""
        return execute(self.command(env, *arguments), self.checkout, self.variables())

    def command(self, env: str, *arguments: str) -> list[str]:
        switch(self.checkout, BRANCHES.get(env, "main"))
        # A variable would give the other environments the same database.
        (self.checkout / f".env.{env.lower()}").write_text(f"NINEPANELS_DATABASE_URL={self.database_url}\n")
        return ["./mc.sh", *(["--env", env] if env == "TEST" else []), *arguments]

    def clear(self, env: str, *arguments: str) -> Terminal:
        return self.terminal(env, "data", "clear", *arguments)

    def variables(self) -> dict[str, str]:
        others = variables(self.database_url, BACKUP_DIR=str(self.backups))
        del others["NINEPANELS_DATABASE_URL"]
        return others

    def dumps(self) -> list[str]:
        """The names of the complete backups, without their time."""
        return sorted(path.name.partition("_")[2] for path in self.backups.glob("*_full.*[bp]"))

    def is_unchanged(self) -> bool:
        return len(rows_of(self.database_url)["users"]) == USERS and not self.backups.exists()

    def is_cleared(self) -> bool:
        return all_rows(self.database_url) == {}


@pytest.fixture
def installation(
    empty_database_url: str,
    backend: str,
    checkout: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Installation:
    migrate(empty_database_url)
    fill(empty_database_url, USERS)
    if backend == "postgresql":
        put_on_path(monkeypatch, request.getfixturevalue("postgres_server").bin)
    return Installation(checkout, empty_database_url)


# --- data clear -----------------------------------------------------------------------------------------------------


@each_environment
def test_clear_offers_a_backup_and_asks_for_the_name_of_the_environment(installation: Installation, env: str) -> None:
    with installation.clear(env) as terminal:
        terminal.read_until(BACKUP)
        terminal.type({"FEATURE": "\n", "STAGING": "y\n", "TEST": "Yes\n"}[env])
        assert "The previous contents were saved to " in terminal.read_until(name_of(env))
        assert not installation.is_cleared()
        terminal.type(f"{env}\n")
        terminal.read_until(f"The database of {env} is now empty")
        assert terminal.wait() == 0
    assert installation.is_cleared()
    (dump,) = installation.dumps()
    assert dump.startswith(f"{env}_full.")


@each_environment
def test_clear_in_the_menu_asks_the_same(installation: Installation, env: str) -> None:
    with installation.terminal(env) as terminal:
        terminal.read_until(PROMPT)
        choose(terminal, "data clear")
        terminal.read_until(BACKUP)
        terminal.type("\n")
        terminal.read_until(name_of(env))
        terminal.type("no\n")
        terminal.read_until("nothing was done")
        assert len(rows_of(installation.database_url)["users"]) == USERS
        terminal.read_until(PROMPT)
        choose(terminal, "data clear")
        terminal.read_until(BACKUP)
        terminal.type("n\n")
        terminal.read_until(name_of(env))
        terminal.type(f"{env}\n")
        terminal.read_until(PROMPT)
    assert installation.is_cleared()


@on_sqlite
@pytest.mark.parametrize("answer", ["No\n", "maybe\nFEATURE\nn\n"])
def test_clear_makes_no_backup_if_it_is_declined(installation: Installation, answer: str) -> None:
    with installation.clear("FEATURE") as terminal:
        for line in answer.splitlines(keepends=True):
            terminal.read_until(BACKUP)
            terminal.type(line)
        terminal.read_until(name_of("FEATURE"))
        terminal.type("FEATURE\n")
        assert terminal.wait() == 0
    assert installation.is_cleared()
    assert installation.dumps() == []


@on_sqlite
@for_each("typed", ["\n", "y\n", "TEST\n", CTRL_D, CTRL_C])
def test_clear_does_nothing_unless_the_name_is_typed(installation: Installation, typed: str) -> None:
    with installation.clear("FEATURE") as terminal:
        terminal.read_until(BACKUP)
        terminal.type("n\n")
        terminal.read_until(name_of("FEATURE"))
        terminal.type(typed)
        assert terminal.wait() != 0
    assert installation.is_unchanged()


@on_sqlite
@for_each("typed", [CTRL_D, CTRL_C])
def test_clear_does_nothing_if_the_question_about_the_backup_is_not_answered(
    installation: Installation, typed: str
) -> None:
    with installation.clear("FEATURE") as terminal:
        terminal.read_until(BACKUP)
        terminal.type(typed)
        assert terminal.wait() != 0
    assert installation.is_unchanged()


@on_sqlite
def test_clear_drops_nothing_if_the_backup_fails(installation: Installation) -> None:
    installation.backups.parent.mkdir()
    installation.backups.write_text("not a folder")
    with installation.clear("FEATURE") as terminal:
        terminal.read_until(BACKUP)
        terminal.type("\n")
        terminal.read_until("The backup failed, so nothing was changed: ")
        assert terminal.wait() == 1
    assert len(rows_of(installation.database_url)["users"]) == USERS


@on_sqlite
def test_clear_asks_nothing_with_yes(installation: Installation) -> None:
    with installation.clear("STAGING", "--yes") as terminal:
        assert re.fullmatch(r"The database of .*\n", terminal.read_until(r"\n$"))
        assert terminal.wait() == 0
    assert installation.is_cleared()


def test_clear_asks_nothing_if_no_table_has_rows(installation: Installation) -> None:
    delete_all_rows(installation.database_url)
    with installation.clear("FEATURE") as terminal:
        terminal.read_until("^The database of FEATURE is now empty")
        assert terminal.wait() == 0
    assert installation.is_cleared()


@on_sqlite
def test_clear_asks_if_only_one_table_has_rows(installation: Installation) -> None:
    delete_all_rows(installation.database_url)
    execute_sql(installation.database_url, "INSERT INTO route_settings (method_path, in_alert) VALUES ('GET_/', false)")
    with installation.clear("FEATURE") as terminal:
        terminal.read_until(BACKUP)


@on_sqlite
@for_each("arguments", [(), ("--yes",)])
def test_clear_is_refused_on_main_without_a_question(installation: Installation, arguments: tuple[str, ...]) -> None:
    with installation.clear("MAIN", *arguments) as terminal:
        terminal.read_until("^'clear' is refused on MAIN")
        assert terminal.wait() == 1
    assert installation.is_unchanged()


@on_sqlite
def test_a_script_is_not_asked(installation: Installation) -> None:
    result = installation.run("FEATURE", "data", "clear")
    assert (result.returncode, result.stderr) == (0, "")
    assert installation.is_cleared()


@on_sqlite
def test_creating_demo_users_asks_nothing(installation: Installation) -> None:
    with installation.terminal("FEATURE", "data", "create", "--users", "1", "--days", "1") as terminal:
        terminal.read_until("1 added, 0 existed already")
        assert terminal.wait() == 0


# --- restore --------------------------------------------------------------------------------------------------------


@pytest.fixture
def dump(installation: Installation) -> str:
    """A backup of the rows, after which one of the users was deleted."""
    result = installation.run("FEATURE", "backup", "full")
    assert result.returncode == 0, result.stderr
    execute_sql(installation.database_url, "DELETE FROM users WHERE id = 1")
    return result.stdout.strip()


@each_environment
def test_restore_in_the_menu_asks_for_the_name_of_the_environment(
    installation: Installation, env: str, dump: str
) -> None:
    with installation.terminal(env) as terminal:
        for typed, shown, users in (("no", "nothing was done", USERS - 1), (env, r"users +2 +3\n", USERS)):
            terminal.read_until(PROMPT)
            choose(terminal, "restore FILE")
            terminal.read_until("FILE: $")
            terminal.type(f"{dump}\n")
            terminal.read_until(name_of(env))
            terminal.type(f"{typed}\n")
            terminal.read_until(shown)
            assert len(rows_of(installation.database_url)["users"]) == users


@on_sqlite
def test_restore_asks_nothing_with_yes(installation: Installation, dump: str) -> None:
    with installation.terminal("STAGING", "restore", "--yes", dump) as terminal:
        assert "Type" not in terminal.read_until(r"users +2 +3\n")
        assert terminal.wait() == 0


def test_restore_asks_nothing_if_no_table_has_rows(installation: Installation, dump: str) -> None:
    delete_all_rows(installation.database_url)
    with installation.terminal("FEATURE", "restore", dump) as terminal:
        assert "Type" not in terminal.read_until(r"users +0 +3\n")
        assert terminal.wait() == 0
