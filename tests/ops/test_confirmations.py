"""The questions of `data clear` and `restore` before they delete rows.

The real mc.sh asks them on a pseudo-terminal. The commands also ask them in this process, which takes less time.
"""

import io
import re
import sys
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ninepanels import config
from ninepanels import environments
from ninepanels.ops import data
from ninepanels.ops.backups import restoring
from ninepanels.ops.backups import writing

from ..support.backends import on_sqlite
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
from .conftest import Result
from .conftest import choose
from .conftest import execute_sql

Run = Callable[..., Result]

BACKUP = r"Back up first\? \[Y/n\] $"
BRANCHES = {"FEATURE": "a-better-tap", "STAGING": "staging", "TEST": "main"}
USERS = 3


def each_environment(first: str) -> pytest.MarkDecorator:
    """Run a test on each environment, all but the first one as proofs."""
    backends = {"FEATURE": "sqlite", "STAGING": "postgresql", "TEST": "sqlite"}
    cases = [pytest.param(backends[env], env, marks=() if env == first else pytest.mark.prove) for env in backends]
    return pytest.mark.parametrize(("backend", "env"), cases, indirect=["backend"])


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

    def command(self, env: str, *arguments: str) -> list[str]:
        self.switch(env)
        return ["./mc.sh", *(["--env", env] if env == "TEST" else []), *arguments]

    def switch(self, env: str) -> None:
        switch(self.checkout, BRANCHES.get(env, "main"))
        # A variable would give the other environments the same database.
        (self.checkout / f".env.{env.lower()}").write_text(f"NINEPANELS_DATABASE_URL={self.database_url}\n")

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
    migrated_url: str,
    backend: str,
    checkout: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Installation:
    fill(migrated_url, USERS)
    if backend == "postgresql":
        put_on_path(monkeypatch, request.getfixturevalue("postgres_server").bin)
    return Installation(checkout, migrated_url)


class Keyboard(io.StringIO):
    """What is typed on a terminal."""

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        line = super().readline(-1 if size is None else size)
        if line == CTRL_C:
            raise KeyboardInterrupt
        return line.removesuffix(CTRL_D)


@pytest.fixture
def run(installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, in an environment, while something is typed; None: without a terminal."""

    def run(main: Callable[[Sequence[str]], None], env: str, *arguments: str, typed: str | None = "") -> Result:
        installation.switch(env)
        monkeypatch.setenv("NINEPANELS_ENV", env)
        monkeypatch.setattr(sys, "stdin", io.StringIO() if typed is None else Keyboard(typed))
        code: int | str | None = 0
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code
        return Result(code, *capsys.readouterr())

    monkeypatch.delenv("NINEPANELS_DATABASE_URL")
    monkeypatch.setenv("NINEPANELS_BACKUP_DIR", str(installation.backups))
    monkeypatch.setattr(environments, "ROOT", installation.checkout)
    monkeypatch.setattr(config, "VAR", installation.checkout / "var")
    monkeypatch.setattr(environments, "HOME", installation.checkout)
    return run


@pytest.fixture
def dump(installation: Installation, run: Run) -> str:
    """A backup of the rows, after which one of the users was deleted."""
    file = run(writing.main, "FEATURE", "full").out.strip()
    execute_sql(installation.database_url, "DELETE FROM users WHERE id = 1")
    return file


# --- On a terminal --------------------------------------------------------------------------------------------------


@each_environment("FEATURE")
def test_clear_offers_a_backup_and_asks_for_the_name_of_the_environment(installation: Installation, env: str) -> None:
    with installation.terminal(env, "data", "clear") as terminal:
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


@each_environment("STAGING")
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


@each_environment("TEST")
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


# --- In this process ------------------------------------------------------------------------------------------------

CLEARED = "The database of {} is now empty. './mc.sh migrate' creates the tables again.\n"


@on_sqlite
@for_each("env", BRANCHES)
def test_clear_asks_two_questions_in_each_environment(installation: Installation, run: Run, env: str) -> None:
    result = run(data.main, env, "clear", typed="n\nno\n")
    assert re.fullmatch(rf"Back up first\? \[Y/n\] 'clear' .* {name_of(env)}", result.err)
    assert "nothing was done" in str(result.code)
    assert installation.is_unchanged()


@on_sqlite
@pytest.mark.parametrize("answer", ["No\n", "maybe\nFEATURE\nn\n"])
def test_clear_makes_no_backup_if_it_is_declined(installation: Installation, run: Run, answer: str) -> None:
    result = run(data.main, "FEATURE", "clear", typed=f"{answer}FEATURE\n")
    assert (result.code, result.out) == (0, CLEARED.format("FEATURE"))
    assert result.err.count("Back up first? [Y/n] ") == answer.count("\n")
    assert installation.is_cleared()
    assert installation.dumps() == []


@on_sqlite
@for_each("typed", ["\n", "y\n", "TEST\n", CTRL_D, CTRL_C])
def test_clear_does_nothing_unless_the_name_is_typed(installation: Installation, run: Run, typed: str) -> None:
    result = run(data.main, "FEATURE", "clear", typed=f"n\n{typed}")
    assert re.search(name_of("FEATURE"), result.err.removesuffix("Interrupted.\n"))
    assert result.code != 0
    assert installation.is_unchanged()


@on_sqlite
@for_each("typed", [CTRL_D, CTRL_C])
def test_clear_does_nothing_if_the_question_about_the_backup_is_not_answered(
    installation: Installation, run: Run, typed: str
) -> None:
    result = run(data.main, "FEATURE", "clear", typed=typed)
    assert result.err.removesuffix("Interrupted.\n") == "Back up first? [Y/n] "
    assert result.code != 0
    assert installation.is_unchanged()


@on_sqlite
def test_clear_drops_nothing_if_the_backup_fails(installation: Installation, run: Run) -> None:
    installation.backups.parent.mkdir()
    installation.backups.write_text("not a folder")
    result = run(data.main, "FEATURE", "clear", typed="\nFEATURE\n")
    assert str(result.code).startswith("The backup failed, so nothing was changed: ")
    assert len(rows_of(installation.database_url)["users"]) == USERS


@on_sqlite
def test_clear_asks_nothing_with_yes(installation: Installation, run: Run) -> None:
    assert run(data.main, "STAGING", "clear", "--yes") == (0, CLEARED.format("STAGING"), "")
    assert installation.is_cleared()


def test_clear_asks_nothing_if_no_table_has_rows(installation: Installation, run: Run) -> None:
    delete_all_rows(installation.database_url)
    assert run(data.main, "FEATURE", "clear") == (0, CLEARED.format("FEATURE"), "")
    assert installation.is_cleared()


@on_sqlite
def test_clear_asks_if_only_one_table_has_rows(installation: Installation, run: Run) -> None:
    delete_all_rows(installation.database_url)
    execute_sql(installation.database_url, "INSERT INTO route_settings (method_path, in_alert) VALUES ('GET_/', false)")
    assert run(data.main, "FEATURE", "clear").err == "Back up first? [Y/n] "


@on_sqlite
@for_each("arguments", [(), ("--yes",)])
def test_clear_is_refused_on_main_without_a_question(
    installation: Installation, run: Run, arguments: tuple[str, ...]
) -> None:
    result = run(data.main, "MAIN", "clear", *arguments, typed="n\nMAIN\n")
    assert str(result.code).startswith("'clear' is refused on MAIN")
    assert (result.out, result.err) == ("", "")
    assert installation.is_unchanged()


@on_sqlite
def test_a_script_is_not_asked(installation: Installation, run: Run) -> None:
    assert run(data.main, "FEATURE", "clear", typed=None) == (0, CLEARED.format("FEATURE"), "")
    assert installation.is_cleared()


@on_sqlite
def test_creating_demo_users_asks_nothing(run: Run) -> None:
    result = run(data.main, "FEATURE", "create", "--users", "1", "--days", "1")
    assert "1 added, 0 existed already" in result.out
    assert (result.code, result.err) == (0, "")


@on_sqlite
def test_restore_asks_nothing_with_yes(installation: Installation, run: Run, dump: str) -> None:
    result = run(restoring.main, "STAGING", "--yes", dump)
    assert re.search(r"users +2 +3\n", result.out)
    assert (result.code, result.err) == (0, "")
    assert len(rows_of(installation.database_url)["users"]) == USERS


def test_restore_asks_nothing_if_no_table_has_rows(installation: Installation, run: Run, dump: str) -> None:
    delete_all_rows(installation.database_url)
    result = run(restoring.main, "FEATURE", dump)
    assert re.search(r"users +0 +3\n", result.out)
    assert (result.code, result.err) == (0, "")
