"""What may not be done to people's data, by whichever way in; SQLite alone, for no safeguard asks a database."""

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

PYTHON = sys.executable
WAYS_IN = {
    "./mc.sh data create": ["./mc.sh", "data", "create", "--users", "1", "--days", "1"],
    "./mc.sh data clear": ["./mc.sh", "data", "clear"],
    "data_mgmt.py create": [PYTHON, "data_mgmt.py", "create", "--users", "1", "--days", "1"],
    "data_mgmt.py clear": [PYTHON, "data_mgmt.py", "clear"],
}
SERVER = "postgresql://ada:hunter2@db.example.com/people"

each_way_in = pytest.mark.parametrize("way_in", WAYS_IN)
each_action = pytest.mark.parametrize("action", Action)

Try = Callable[..., subprocess.CompletedProcess[str]]
Ask = Callable[..., str]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The database of whichever environment; somebody's days are in it."""
    shutil.copy(sqlite_template, tmp_path / "people.db")
    url = f"sqlite:///{tmp_path}/people.db"
    add_user(url)
    return url


@pytest.fixture
def attempt(checkout: Path, database_url: str) -> Try:
    """Try a way in on a branch."""

    def attempt(branch: str, way_in: str, *flags: str, typed: str, **settings: str) -> subprocess.CompletedProcess[str]:
        checkouts.switch(checkout, branch)
        return checkouts.run([*WAYS_IN[way_in], *flags], checkout, database_url, typed, **settings)

    return attempt


# --- By each way in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{}, {"ENV": "TEST"}], ids=["MAIN", "TEST with MAIN's database"])
@each_way_in
def test_no_way_in_gets_past_main(attempt: Try, database_url: str, way_in: str, asked: dict[str, str]) -> None:
    before = all_rows(database_url)
    result = attempt("main", way_in, "--yes", typed="yes\nMAIN\n", **asked)
    assert (result.returncode, result.stdout) == (1, "")
    assert "is refused on MAIN" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert all_rows(database_url) == before


@each_way_in
def test_no_way_in_gets_past_staging_unnamed(attempt: Try, database_url: str, way_in: str) -> None:
    before = all_rows(database_url)
    result = attempt("staging", way_in, typed="yes\n")
    assert (result.returncode, result.stdout) == (1, "")
    assert "Type STAGING to go on" in result.stderr
    assert "nothing was done" in result.stderr
    assert all_rows(database_url) == before


@each_way_in
def test_each_way_in_goes_on_when_staging_is_named(attempt: Try, database_url: str, way_in: str) -> None:
    before = all_rows(database_url)
    result = attempt("staging", way_in, typed="STAGING\n")
    assert result.returncode == 0, result.stderr
    assert all_rows(database_url) != before


# --- What is asked of all of them -----------------------------------------------------------------------------------


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with an embedded database for each environment, and nothing set in the process."""
    for name in list(os.environ):
        if name.startswith(config.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(config, "VAR", tmp_path / "var")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ask(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask on a branch (None is outside a checkout), for its own environment unless another is named."""
    assert installation, "it is where the settings are read"

    def ask(branch: str | None, action: Action, env: str | None = None, *, typed: str = "", yes: bool = False) -> str:
        monkeypatch.setattr(environments, "branch", lambda: branch)
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        safeguards.require(action, config.read_settings(environments.choose(branch, env)), confirmed=yes)
        # What nobody read was not asked for.
        return sys.stdin.read()

    return ask


@pytest.mark.parametrize("typed", ["", "yes\n", "MAIN\n"])
@pytest.mark.parametrize("yes", [True, False])
@pytest.mark.parametrize("branch", ["main", None])
@each_action
def test_main_is_refused(ask: Ask, action: Action, branch: str | None, yes: bool, typed: str) -> None:
    with pytest.raises(exceptions.OperationRefused, match="refused on MAIN"):
        ask(branch, action, "MAIN", typed=typed, yes=yes)


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "y\n", "staging\n", "MAIN\n", "STAGING!\n", "no\nSTAGING\n"])
@each_action
def test_staging_is_refused_when_another_word_or_none_is_typed(ask: Ask, action: Action, typed: str) -> None:
    with pytest.raises(exceptions.OperationRefused, match="nothing was done"):
        ask("staging", action, typed=typed)


@pytest.mark.parametrize("typed", ["STAGING\n", " STAGING \n", "STAGING"])
@each_action
def test_staging_goes_on_when_its_name_is_typed(ask: Ask, action: Action, typed: str) -> None:
    assert ask("staging", action, typed=typed) == ""


@each_action
def test_staging_goes_on_unasked_when_it_is_confirmed(ask: Ask, action: Action) -> None:
    assert ask("staging", action, typed="not read", yes=True) == "not read"


@pytest.mark.parametrize(
    ("branch", "env"),
    [("tea", None), ("", None), (None, "FEATURE"), *((branch, "TEST") for branch in ("main", "staging", "tea", None))],
)
@each_action
def test_feature_and_test_go_on_unasked(ask: Ask, action: Action, branch: str | None, env: str | None) -> None:
    assert ask(branch, action, env, typed="not read") == "not read"


@pytest.mark.parametrize(
    ("mains", "tests"),
    [
        ("", "sqlite:///var/main.db"),
        ("", "sqlite:///var/../var/main.db"),
        ("", "sqlite:///link/main.db"),
        (SERVER, SERVER),
        (SERVER, "postgres://bob@DB.example.com:5432/people?sslmode=require"),
        ("postgresql://localhost/people", "postgresql://bob:hunter2@127.0.0.1:5432/people"),
        ("postgresql://localhost/people", "postgresql:///people?host=/run/postgresql"),
    ],
)
@each_action
def test_the_data_of_main_is_refused_by_any_name(
    ask: Ask, installation: Path, action: Action, mains: str, tests: str
) -> None:
    (installation / "link").symlink_to("var")
    set_database(installation, "main", mains)
    set_database(installation, "test", tests)
    with pytest.raises(exceptions.OperationRefused, match="refused on MAIN"):
        ask("main", action, "TEST", yes=True)


@pytest.mark.parametrize("tests", [SERVER.replace("people", "test"), SERVER.replace("/people", ":6000/people"), ""])
def test_another_database_than_mains_is_not_mains(ask: Ask, installation: Path, tests: str) -> None:
    set_database(installation, "main", SERVER)
    set_database(installation, "test", tests)
    ask("main", Action.CLEAR, "TEST")


def set_database(installation: Path, env: str, url: str) -> None:
    (installation / f".env.{env}").write_text(f"NINEPANELS_DATABASE_URL={url}\nNINEPANELS_JWT_SECRET={SECRET}\n")
