"""mc.sh, called as people and CI call it, in a checkout of the tests' own."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest

from ninepanels import environments

from ..support.checkouts import assert_refuses_with_one_line
from ..support.checkouts import execute
from ..support.checkouts import program
from ..support.checkouts import run
from ..support.checkouts import switch
from ..support.checkouts import variables
from ..support.servers import SECRET
from ..support.servers import Service
from ..support.servers import environment
from ..support.terminal import CTRL_C
from ..support.terminal import CTRL_D
from ..support.terminal import Terminal

DATABASE_URL = "postgresql://ada:hunter2@db.example.com/ninepanels"
VERBS = re.findall(r"^([a-z]+)\(\) \{ ##", (environments.ROOT / "mc.sh").read_text(), re.MULTILINE)

PROMPT = "A number, or q to leave: $"
MORE_VERBS = """
greet() { ## morning NAME [--loud] | night: say something
    printf '<%s>' "$@"
}

fall() { ## : fail
    die "fell"
}

hang() { ## : take long
    echo hanging
    sleep 60
}

help() {"""
"""Written into a checkout's mc.sh, so that the menu is seen to be made from what stands there."""

MissionControl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def mc(checkout: Path) -> MissionControl:
    return lambda *arguments: run(["./mc.sh", *arguments], checkout, DATABASE_URL)


# --- Help -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_in_one_line_what_a_verb_does(mc: MissionControl, verb: str) -> None:
    lines = [line for line in mc("help").stdout.splitlines() if re.match(rf"  {verb}\b", line)]
    assert len(lines) == 1
    assert re.fullmatch(rf"  {verb}( \S+)*  +\w.*", lines[0])


def test_an_unknown_verb_is_refused_with_one_line(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("fly"), "there is no verb 'fly'")


def test_a_function_that_is_no_verb_is_refused_with_one_line(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("die"), "there is no verb 'die'")


def test_a_pattern_is_no_verb(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("e.v"), "there is no verb 'e.v'")
    assert_refuses_with_one_line(mc(".*"), "there is no verb '.*'")


def test_a_revision_wants_a_message(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("revision"), "revision wants one MESSAGE")


# --- The menu -------------------------------------------------------------------------------------------------------


def menu(checkout: Path, *arguments: str, **settings: str) -> Terminal:
    mission_control = checkout / "mc.sh"
    mission_control.write_text(mission_control.read_text().replace("\nhelp() {", MORE_VERBS, 1))
    return Terminal(["./mc.sh", *arguments], checkout, variables(DATABASE_URL, **settings))


def choose(terminal: Terminal, action: str) -> None:
    """Type the number that the menu gives an action."""
    line = re.search(rf"^ +(\d+)  {action}(  |$)", terminal.read_until(PROMPT), re.MULTILINE)
    assert line is not None, f"the menu has no {action}"
    terminal.type(f"{line[1]}\n")


def test_without_a_terminal_mc_alone_is_the_help(mc: MissionControl) -> None:
    result = mc()
    assert (result.returncode, result.stdout) == (0, mc("help").stdout)


@pytest.mark.parametrize(("arguments", "env"), [([], "MAIN"), (["--env", "TEST"], "TEST")])
def test_the_menu_says_where_this_is_and_masks_the_password(checkout: Path, arguments: list[str], env: str) -> None:
    with menu(checkout, *arguments) as terminal:
        screen = terminal.read_until(PROMPT)
    assert re.search(r"^  branch +main$", screen, re.MULTILINE)
    assert re.search(rf"^  environment +{env}$", screen, re.MULTILINE)
    assert re.search(r"^  database +\S+ada:\*\*\*@db\.example\.com/ninepanels$", screen, re.MULTILINE)
    assert re.search(r"^  service +http://127\.0\.0\.1:8000 is ", screen, re.MULTILINE)
    assert "hunter2" not in screen


def test_the_menu_offers_every_verb(checkout: Path) -> None:
    with menu(checkout) as terminal:
        offered = re.findall(r"^ +\d+  ([a-z]+)", terminal.read_until(PROMPT), re.MULTILINE)
    assert list(dict.fromkeys(offered)) == [*VERBS[:-1], "greet", "fall", "hang", VERBS[-1]]


def test_a_verb_with_several_ways_is_offered_once_for_each(checkout: Path) -> None:
    with menu(checkout) as terminal:
        screen = terminal.read_until(PROMPT)
    assert re.search(
        r"^ +\d+  greet morning NAME +say something\n +\d+  greet night +say something$", screen, re.MULTILINE
    )


@pytest.mark.parametrize("keys", ["q\n", CTRL_D])
def test_the_menu_leaves_on_q_and_at_the_end_of_the_input(checkout: Path, keys: str) -> None:
    with menu(checkout) as terminal:
        terminal.read_until(PROMPT)
        terminal.type(keys)
        assert terminal.wait() == 0


@pytest.mark.parametrize("choice", ["0", "99", "x", "1x", "", "*", "env"])
def test_a_wrong_choice_is_said_in_one_line_and_asked_again(checkout: Path, choice: str) -> None:
    with menu(checkout) as terminal:
        terminal.read_until(PROMPT)
        terminal.type(f"{choice}\n")
        assert terminal.read_until(PROMPT).splitlines()[1:-1] == [f"There is no '{choice}' in the menu."]


def test_the_menu_does_what_was_chosen_and_comes_back(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "env")
        screen = terminal.read_until(PROMPT)
    assert "NINEPANELS_ENV=MAIN\n" in screen
    assert re.search(r"\d  help ", screen)


def test_the_environment_asked_for_counts_for_what_was_chosen_too(checkout: Path) -> None:
    with menu(checkout, "--env", "TEST") as terminal:
        choose(terminal, "env")
        assert "NINEPANELS_ENV=TEST\n" in terminal.read_until(PROMPT)


def test_the_menu_asks_for_what_an_action_needs(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "greet morning NAME")
        terminal.read_until("NAME: $")
        terminal.type("Ada *  Lovelace\n")
        assert "<morning><Ada *  Lovelace>\n" in terminal.read_until(PROMPT)


def test_an_action_that_needs_nothing_is_not_asked_about(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "greet night")
        assert "<night>\n" in terminal.read_until(PROMPT)


@pytest.mark.parametrize("keys", ["\n", CTRL_D])
def test_without_what_an_action_needs_nothing_is_done(checkout: Path, keys: str) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "greet morning NAME")
        terminal.read_until("NAME: $")
        terminal.type(keys)
        screen = terminal.read_until(PROMPT)
    assert "Nothing was done." in screen
    assert "<morning>" not in screen


def test_an_action_that_fails_says_so_and_the_menu_comes_back(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "fall")
        assert "mc.sh: fell\n" in terminal.read_until(PROMPT)


def test_ctrl_c_ends_the_action_and_not_the_menu(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "hang")
        terminal.read_until("hanging\n")
        terminal.type(CTRL_C)
        terminal.read_until(PROMPT)
        terminal.type("q\n")
        assert terminal.wait() == 0


def test_a_wrong_setting_is_said_above_the_actions(checkout: Path) -> None:
    with menu(checkout, JWT_SECRET="short") as terminal:
        screen = terminal.read_until(PROMPT)
    assert screen.strip().startswith("NINEPANELS_JWT_SECRET: ")
    assert re.search(r"\d  help ", screen)


def test_what_the_command_line_says_is_not_asked_on_a_terminal_either(checkout: Path) -> None:
    with menu(checkout, "greet", "morning", "Ada") as terminal:
        assert terminal.wait() == 0
        assert terminal.read_until(">$") == "<morning><Ada>"


def test_a_service_that_answers_is_said_to_be_ready(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    with Service(f"sqlite:///{tmp_path}/test.db", tmp_path) as service:
        result = run([sys.executable, "-m", "ninepanels.ops.status", service.url], environments.ROOT, DATABASE_URL)
    assert f"  service      {service.url} is ready\n" in result.stdout


# --- Dependencies -----------------------------------------------------------------------------------------------------


def shadow_pythons(folder: Path, script: str) -> dict[str, str]:
    """Put a script of ours before every Python that mc.sh looks for."""
    folder.mkdir()
    for name in ("python", "python3", *(f"python3.{minor}" for minor in range(11, 15))):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return variables(DATABASE_URL) | {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("exit 1", "Python 3.11 or newer is needed"),
        ('case "$2" in *ensurepip*) exit 1; esac', "apt-get install python3-venv"),
    ],
)
def test_what_is_missing_for_the_first_start_is_one_line(
    checkout: Path, tmp_path: Path, script: str, complaint: str
) -> None:
    shutil.rmtree(checkout / ".venv")
    result = execute(["./mc.sh", "env"], checkout, shadow_pythons(tmp_path / "bin", script))
    assert_refuses_with_one_line(result, complaint)
    assert not (checkout / ".venv").exists()


# --- Preflight --------------------------------------------------------------------------------------------------------


@pytest.fixture
def release(checkout: Path, sqlite_template: Path, tmp_path: Path) -> dict[str, str]:
    """What the checkout needs to be fit for a release; returns its variables."""
    for name in (".gitignore", "README.md"):
        shutil.copy(environments.ROOT / name, checkout / name)
    if (own_poetry := environments.ROOT / ".poetry").exists():
        (checkout / ".poetry").symlink_to(own_poetry)
        # A link to a folder is no folder, as .gitignore has it.
        (checkout / ".git" / "info" / "exclude").write_text(".poetry\n")
    shutil.copy(sqlite_template, tmp_path / "main.db")
    commit = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--message", "Release"]
    run([program("git"), "add", "."], checkout, DATABASE_URL)
    run([program("git"), *commit], checkout, DATABASE_URL)
    backups = tmp_path / "backups"
    backups.mkdir()
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}_MAIN_full.db"
    for suffix in ("", ".sha256"):
        (backups / f"{name}{suffix}").touch()
    return variables(f"sqlite:///{tmp_path}/main.db", BACKUP_DIR=str(backups))


def test_a_release_that_is_fit_passes_the_preflight(checkout: Path, release: dict[str, str]) -> None:
    result = execute(["./mc.sh", "preflight"], checkout, release)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["ok"] * 7, result.stdout
    assert result.returncode == 0


def test_a_release_that_is_not_fit_is_told_everything_at_once(checkout: Path, release: dict[str, str]) -> None:
    (checkout / "ninepanels" / "hasty.py").write_text("import datetime\nprint(datetime.datetime.now())\n")
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace("rich (>=15.0,", "rich (>=14.0,"))
    stamp = run([program("cksum"), "pyproject.toml", "poetry.lock"], checkout, DATABASE_URL).stdout
    (checkout / ".venv" / ".installed-dev").write_text(stamp)
    nowhere = {"NINEPANELS_DATABASE_URL": f"sqlite:///{checkout}/no/such.db", "NINEPANELS_BACKUP_DIR": str(checkout)}
    result = execute(["./mc.sh", "preflight"], checkout, release | nowhere)
    verdicts = [line.split()[0] for line in result.stdout.splitlines()]
    assert sorted(verdicts) == ["FAILED"] * 6 + ["ok"], result.stdout
    assert result.returncode == 1


# --- Environments ---------------------------------------------------------------------------------------------------


def test_env_shows_the_settings_and_masks_the_secrets(mc: MissionControl) -> None:
    result = mc("--env", "TEST", "env")
    assert result.returncode == 0, result.stderr
    assert "NINEPANELS_ENV=TEST\n" in result.stdout
    assert "db.example.com" in result.stdout
    assert SECRET not in result.stdout
    assert "hunter2" not in result.stdout


@pytest.mark.parametrize(
    ("branch", "expected"), [("main", "MAIN"), ("staging", "STAGING"), ("a-better-tap", "FEATURE")]
)
def test_the_branch_decides_the_environment(mc: MissionControl, checkout: Path, branch: str, expected: str) -> None:
    switch(checkout, branch)
    assert f"NINEPANELS_ENV={expected}\n" in mc("env").stdout


@pytest.mark.parametrize(
    ("branch", "asked"), [("main", "STAGING"), ("a-better-tap", "STAGING"), ("a-better-tap", "MAIN")]
)
def test_another_environment_than_the_branch_allows_is_refused(
    mc: MissionControl, checkout: Path, branch: str, asked: str
) -> None:
    switch(checkout, branch)
    assert_refuses_with_one_line(mc("--env", asked, "env"), f"not {asked}")


def test_an_environment_that_does_not_exist_is_refused(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("--env", "PRODUCTION", "env"), "'PRODUCTION' is no environment")


def test_env_wants_a_name(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("--env"), "--env wants a NAME")


# --- Ping -----------------------------------------------------------------------------------------------------------


def test_ping_says_how_fast_a_live_service_answers(mc: MissionControl, sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    with Service(f"sqlite:///{tmp_path}/test.db", tmp_path) as service:
        result = mc("ping", service.url)
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(rf"{service.url} is ready; median of \d+ answers [\d.]+ ms\n", result.stdout)


def test_ping_fails_when_nobody_answers(mc: MissionControl) -> None:
    # Bound, but not listened to: nobody else can open this port meanwhile.
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{dead.getsockname()[1]}"
        assert_refuses_with_one_line(mc("ping", url), f"{url} is not ready")


def test_ping_wants_a_web_address(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("ping", "file:///etc/passwd"), "is no http:// or https:// address")


@pytest.mark.parametrize("where", ["variable", "file", "nowhere"])
def test_what_sentry_needs_is_installed_where_exceptions_go_there(checkout: Path, tmp_path: Path, where: str) -> None:
    poetry = tmp_path / "bin" / "poetry"
    poetry.parent.mkdir()
    poetry.write_text(f'#!/usr/bin/env bash\necho "$*" >"{tmp_path}/asked"\n')
    poetry.chmod(0o755)
    (checkout / ".venv" / ".installed-main").unlink()
    settings = environment(DATABASE_URL) | {"PATH": f"{poetry.parent}:{os.environ['PATH']}"}
    dsn = "NINEPANELS_SENTRY_DSN=https://key@sentry.example/1"
    if where == "variable":
        settings |= dict([dsn.split("=", 1)])
    (checkout / ".env.main").write_text(dsn if where == "file" else f"# {dsn}")
    del settings["NINEPANELS_ENV"]
    subprocess.run(["./mc.sh", "env"], cwd=checkout, env=settings, capture_output=True, timeout=60, check=True)
    asked = (tmp_path / "asked").read_text().split()
    assert asked[0] == "install"
    assert ("sentry" in asked) == (where != "nowhere")


def test_what_sentry_needs_does_no_harm_where_it_is_there_already(mc: MissionControl, checkout: Path) -> None:
    """As in the image, in which nothing could be installed."""
    stamp = checkout / ".venv" / ".installed-main"
    stamp.write_text(f"{stamp.read_text().strip()} sentry\n")
    result = mc("--env", "TEST", "env")
    assert (result.returncode, result.stderr) == (0, "")
