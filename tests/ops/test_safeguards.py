"""The safeguards of irreversible operations. SQLite only, because they do not query the database."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ninepanels import config
from ninepanels import environments
from ninepanels import exceptions
from ninepanels.ops import safeguards
from ninepanels.ops.safeguards import Action

from ..support import checkouts
from ..support.rows import add_user
from ..support.rows import all_rows
from ..support.servers import SECRET
from .test_confirmations import Keyboard

PYTHON = sys.executable
COMMANDS = {
    "./mc.sh data create": ["./mc.sh", "data", "create", "--users", "1", "--days", "1"],
    "./mc.sh data clear": ["./mc.sh", "data", "clear"],
    "data_mgmt.py create": [PYTHON, "data_mgmt.py", "create", "--users", "1", "--days", "1"],
    "data_mgmt.py clear": [PYTHON, "data_mgmt.py", "clear"],
}
SERVER = "postgresql://ada:hunter2@db.example.com/people"

each_action = pytest.mark.parametrize("action", Action)

Attempt = Callable[..., subprocess.CompletedProcess[str]]
Require = Callable[..., str]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A database with the data of a user."""
    shutil.copy(sqlite_template, tmp_path / "people.db")
    url = f"sqlite:///{tmp_path}/people.db"
    add_user(url)
    return url


@pytest.fixture
def attempt(checkout: Path, database_url: str) -> Attempt:
    """Run a command on a branch."""

    def attempt(
        branch: str, command: str, *flags: str, typed: str, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        checkouts.switch(checkout, branch)
        return checkouts.run([*COMMANDS[command], *flags], checkout, database_url, typed, **settings)

    return attempt


# --- Each command ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "./mc.sh data clear",
        "data_mgmt.py create",
        pytest.param("./mc.sh data create", marks=pytest.mark.prove),
        pytest.param("data_mgmt.py clear", marks=pytest.mark.prove),
    ],
)
def test_no_command_changes_main(attempt: Attempt, database_url: str, command: str) -> None:
    before = all_rows(database_url)
    assert_refused_on_main(attempt("main", command, "--yes", typed="yes\nMAIN\n"))
    assert all_rows(database_url) == before


def test_in_test_no_command_clears_the_database_of_main(attempt: Attempt, database_url: str) -> None:
    before = all_rows(database_url)
    assert_refused_on_main(attempt("main", "./mc.sh data clear", "--yes", typed="", ENV="TEST"))
    assert all_rows(database_url) == before


def assert_refused_on_main(result: subprocess.CompletedProcess[str]) -> None:
    assert (result.returncode, result.stdout) == (1, "")
    assert "is refused on MAIN" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["./mc.sh data create", "data_mgmt.py clear"])
def test_no_command_changes_staging_without_its_name(attempt: Attempt, database_url: str, command: str) -> None:
    before = all_rows(database_url)
    result = attempt("staging", command, typed="yes\n")
    assert (result.returncode, result.stdout) == (1, "")
    assert "Type STAGING to continue" in result.stderr
    assert "nothing was done" in result.stderr
    assert all_rows(database_url) == before


@pytest.mark.parametrize("command", ["data_mgmt.py create", "./mc.sh data clear"])
def test_each_command_runs_when_the_name_of_staging_is_typed(attempt: Attempt, database_url: str, command: str) -> None:
    before = all_rows(database_url)
    result = attempt("staging", command, typed="STAGING\n")
    assert result.returncode == 0, result.stderr
    assert all_rows(database_url) != before


# --- Each action ----------------------------------------------------------------------------------------------------


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project directory without settings."""
    for name in list(os.environ):
        if name.startswith(config.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "HOME", tmp_path)
    monkeypatch.setattr(config, "VAR", tmp_path / "var")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def require(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Require:
    """Require an action on a branch (None: outside a checkout) and return the unread part of the input."""
    assert installation, "the settings are read from there"

    def require(
        branch: str | None,
        action: Action,
        env: str | None = None,
        *,
        typed: str = "",
        yes: bool = False,
        back_up: Callable[[], None] | None = None,
    ) -> str:
        monkeypatch.setattr(environments, "branch", lambda: branch)
        monkeypatch.setattr("sys.stdin", Keyboard(typed) if back_up else io.StringIO(typed))
        if env is not None:
            monkeypatch.setenv("NINEPANELS_ENV", env)
        safeguards.require(action, config.read_settings(), confirmed=yes, back_up=back_up)
        return sys.stdin.read()

    return require


@pytest.mark.parametrize("typed", ["", "yes\n", "MAIN\n"])
@pytest.mark.parametrize("yes", [True, False])
@pytest.mark.parametrize("branch", ["main", "", None])
@each_action
def test_main_is_refused(require: Require, action: Action, branch: str | None, yes: bool, typed: str) -> None:
    with pytest.raises(exceptions.OperationRefused, match="refused on MAIN"):
        require(branch, action, "MAIN", typed=typed, yes=yes)


def test_a_refused_restore_names_the_runbook(require: Require) -> None:
    with pytest.raises(exceptions.OperationRefused, match=r"'Restore' in docs/operations\.md"):
        require("main", Action.RESTORE)


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "y\n", "staging\n", "MAIN\n", "STAGING!\n", "no\nSTAGING\n"])
@each_action
def test_staging_is_refused_when_its_name_is_not_typed(require: Require, action: Action, typed: str) -> None:
    with pytest.raises(exceptions.OperationRefused, match="nothing was done"):
        require("staging", action, typed=typed)


@pytest.mark.parametrize("typed", ["STAGING\n", " STAGING \n", "STAGING"])
@each_action
def test_staging_is_allowed_when_its_name_is_typed(require: Require, action: Action, typed: str) -> None:
    assert require("staging", action, typed=typed) == ""


@each_action
def test_staging_is_allowed_without_a_prompt_when_confirmed(require: Require, action: Action) -> None:
    assert require("staging", action, typed="not read", yes=True) == "not read"


@pytest.mark.parametrize(("answer", "is_made"), [("", True), ("y", True), (" YES ", True), ("n", False), ("No", False)])
def test_on_a_terminal_a_backup_is_made_unless_it_is_declined(require: Require, answer: str, *, is_made: bool) -> None:
    made: list[str] = []
    require("tea", Action.CLEAR, typed=f"{answer}\nFEATURE\n", back_up=lambda: made.append(answer))
    assert bool(made) is is_made


def test_the_end_of_the_input_refuses_the_action(require: Require) -> None:
    with pytest.raises(exceptions.OperationRefused, match="'clear' was not confirmed"):
        require("tea", Action.CLEAR, back_up=lambda: pytest.fail("a backup was made"))


@pytest.mark.parametrize(
    ("branch", "env"),
    [
        ("tea", None),
        ("", "FEATURE"),
        (None, "FEATURE"),
        *((branch, "TEST") for branch in ("main", "staging", "tea", None)),
    ],
)
@each_action
def test_feature_and_test_are_allowed_without_a_prompt(
    require: Require, action: Action, branch: str | None, env: str | None
) -> None:
    assert require(branch, action, env, typed="not read") == "not read"


@pytest.mark.parametrize(
    ("main_url", "test_url"),
    [
        ("", "sqlite:///var/main.db"),
        ("", "sqlite:///var/../var/main.db"),
        ("", "sqlite:///link/main.db"),
        (SERVER, SERVER),
        (SERVER, "postgres://bob@DB.example.com:5432/people?sslmode=require"),
        ("postgresql://localhost/people", "postgresql://bob:hunter2@127.0.0.1:5432/people"),
        ("postgresql://localhost/people", "postgresql:///people?host=/run/postgresql"),
        ("postgresql://localhost/people", "postgresql:///people"),
        (SERVER.replace("/people", ":6000/people"), "postgresql:///people?host=db.example.com&port=6000"),
    ],
    ids=["default", "dots", "link", "same", "spelling", "loopback", "socket", "no host", "query"],
)
@each_action
def test_the_database_of_main_is_refused_under_any_url(
    require: Require, installation: Path, action: Action, main_url: str, test_url: str
) -> None:
    (installation / "link").symlink_to("var")
    set_database(installation, "main", main_url)
    set_database(installation, "test", test_url)
    with pytest.raises(exceptions.OperationRefused, match="refused on MAIN"):
        require("main", action, "TEST", yes=True)


@pytest.mark.parametrize(
    "test_url",
    [
        SERVER.replace("people", "test"),
        SERVER.replace("/people", ":6000/people"),
        SERVER.replace("db.example", "test.example"),
        "",
    ],
    ids=["name", "port", "host", "file"],
)
def test_a_database_other_than_that_of_main_is_allowed(require: Require, installation: Path, test_url: str) -> None:
    set_database(installation, "main", SERVER)
    set_database(installation, "test", test_url)
    require("main", Action.CLEAR, "TEST")


def test_an_action_on_test_generates_no_secret_of_main(require: Require, installation: Path) -> None:
    require("main", Action.CREATE, "TEST")
    assert [path.name for path in (installation / "var").iterdir()] == ["test.secret"]


def set_database(installation: Path, env: str, url: str) -> None:
    (installation / f".env.{env}").write_text(f"NINEPANELS_DATABASE_URL={url}\nNINEPANELS_JWT_SECRET={SECRET}\n")
