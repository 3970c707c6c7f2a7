"""The verbs of mc.sh, run in a temporary checkout."""

import re
import shutil
import socket
import subprocess
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
from ..support.servers import wait_for
from ..support.terminal import CTRL_C
from ..support.terminal import Terminal
from .conftest import DATABASE_URL
from .conftest import MissionControl

SCRIPTS = ("mc.sh", "backup.sh", "dependencies.sh")
VERBS = re.findall(r"^verb_([a-z]+)\(\) \{ ##", (environments.ROOT / "mc.sh").read_text(), re.MULTILINE)


def test_mission_control_has_the_expected_verbs() -> None:
    assert set(VERBS) == {
        *("run", "test", "prove", "check", "bench", "docs", "openapi", "preflight", "migrate", "revision"),
        *("data", "backup", "restore", "env", "ping", "help"),
    }


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_function_shadows_a_command(script: str) -> None:
    functions = re.findall(r"^(\w+)\(\) \{", (environments.ROOT / script).read_text(), re.MULTILINE)
    builtins = subprocess.run(["bash", "-c", "compgen -bk"], capture_output=True, text=True, check=True).stdout.split()
    assert "test" in builtins
    assert functions
    assert {*functions} & {*builtins, "env", "ping", "poetry", "write"} == set()


# --- Help -----------------------------------------------------------------------------------------------------------


USAGES = {
    *("run", "ping", "env", "preflight", "migrate", "backup full", "backup data"),
    *("data read", "data schema", "data promote EMAIL", "data disable-totp EMAIL", "data create", "data clear"),
    *("restore FILE", "test", "prove", "check", "revision MESSAGE", "openapi", "docs", "bench", "help"),
}


def test_the_help_has_a_description_for_each_usage_of_a_verb_and_fits_80_columns(mc: MissionControl) -> None:
    text = mc("help").stdout
    described = re.findall(r"^  (\w\S*(?: \S+)*)(?:  +|\n {24})(\S.*)$", text, re.MULTILINE)
    assert {re.sub(r" *\[.*\]", "", usage) for usage, _ in described} == USAGES
    assert len({*described}) == len({description for _, description in described}) == len(USAGES)
    assert max(map(len, text.splitlines())) <= 80


def test_without_a_terminal_mc_alone_prints_the_help(mc: MissionControl) -> None:
    result = mc()
    assert (result.returncode, result.stdout) == (0, mc("help").stdout)


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_usual_options_print_the_help(mc: MissionControl, option: str) -> None:
    result = mc(option)
    assert (result.returncode, result.stdout) == (0, mc("help").stdout)


def test_an_unknown_verb_is_refused_with_one_line(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("fly"), "there is no verb 'fly'")


def test_a_function_that_is_not_a_verb_is_refused_with_one_line(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("die"), "there is no verb 'die'")
    assert_refuses_with_one_line(mc("verb_env"), "there is no verb 'verb_env'")


def test_a_pattern_is_not_a_verb(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("e.v"), "there is no verb 'e.v'")
    assert_refuses_with_one_line(mc(".*"), "there is no verb '.*'")


def test_a_revision_requires_a_message(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("revision"), "revision requires one MESSAGE")


# --- Environments ---------------------------------------------------------------------------------------------------


def test_env_shows_the_settings_and_masks_the_secrets(mc: MissionControl) -> None:
    result = mc("--env", "TEST", "env")
    assert result.returncode == 0, result.stderr
    assert "NINEPANELS_ENV=TEST\n" in result.stdout
    assert "db.example.com" in result.stdout
    assert SECRET not in result.stdout
    assert "hunter2" not in result.stdout


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("a-better-tap", "FEATURE"),
        pytest.param("main", "MAIN", marks=pytest.mark.prove),
        pytest.param("staging", "STAGING", marks=pytest.mark.prove),
    ],
)
def test_the_branch_determines_the_environment(mc: MissionControl, checkout: Path, branch: str, expected: str) -> None:
    switch(checkout, branch)
    assert f"NINEPANELS_ENV={expected}\n" in mc("env").stdout


@pytest.mark.parametrize(
    ("branch", "requested"),
    [
        ("a-better-tap", "MAIN"),
        pytest.param("main", "STAGING", marks=pytest.mark.prove),
        pytest.param("a-better-tap", "STAGING", marks=pytest.mark.prove),
    ],
)
def test_an_environment_that_the_branch_does_not_allow_is_refused(
    mc: MissionControl, checkout: Path, branch: str, requested: str
) -> None:
    switch(checkout, branch)
    assert_refuses_with_one_line(mc("--env", requested, "env"), f"not {requested}")


def test_an_unknown_environment_is_refused(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("--env", "PRODUCTION", "env"), "'PRODUCTION' is not an environment")


def test_the_env_option_requires_a_name(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("--env"), "--env requires a NAME")


def test_the_env_option_after_the_verb_is_refused_with_its_place(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("run", "--env", "TEST"), "--env is given before the verb: ./mc.sh --env NAME run")


def test_on_a_tag_the_environment_must_be_named_before_anything_is_done(mc: MissionControl, checkout: Path) -> None:
    commit = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--allow-empty"]
    for arguments in ([*commit, "--message", "Release"], ["tag", "v5"], ["checkout", "--quiet", "v5"]):
        subprocess.run(["git", *arguments], cwd=checkout, check=True)
    for verb in (["data", "clear"], ["env"]):
        assert_refuses_with_one_line(mc(*verb), "NINEPANELS_ENV: no branch is checked out, so name the environment")
    assert "NINEPANELS_ENV=MAIN\n" in mc("--env", "MAIN", "env").stdout
    assert_refuses_with_one_line(mc("--env", "MAIN", "data", "clear", "--yes"), "is refused on MAIN")


@pytest.mark.parametrize("is_installed", [True, False])
def test_without_a_working_git_the_environment_must_be_named(
    checkout: Path, tmp_path: Path, is_installed: bool
) -> None:
    """Without git, or with a `.git` that is not one."""
    shutil.rmtree(checkout / ".git")
    (checkout / ".git").mkdir()
    settings = variables(DATABASE_URL)
    if not is_installed:
        (tmp_path / "bin").mkdir()
        for name in ("env", "bash", "dirname", "cksum", "grep"):
            (tmp_path / "bin" / name).symlink_to(program(name))
        settings["PATH"] = str(tmp_path / "bin")
    refused = execute(["./mc.sh", "env"], checkout, settings)
    assert_refuses_with_one_line(refused, "NINEPANELS_ENV: git is missing or this is no git checkout")
    assert execute(["./mc.sh", "--env", "MAIN", "env"], checkout, settings).returncode == 0


# --- Words and exit codes -------------------------------------------------------------------------------------------


def test_a_revision_of_unchanged_models_is_refused(checkout: Path, sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "main.db")
    before = set((checkout / "alembic" / "versions").iterdir())
    result = run(["./mc.sh", "revision", "Nothing"], checkout, f"sqlite:///{tmp_path}/main.db")
    assert_refuses_with_one_line(result, "The models have not changed, so there is nothing to draft.")
    assert {path for path in (checkout / "alembic" / "versions").iterdir() if path.suffix} == {
        path for path in before if path.suffix
    }


def test_a_reader_that_ends_early_causes_no_error(checkout: Path) -> None:
    command = ["bash", "-c", "./mc.sh --env TEST env | head -n 1; ./mc.sh help | head -n 1"]
    result = run(command, checkout, DATABASE_URL)
    assert (result.stdout, result.stderr) == (
        "NINEPANELS_ENV=TEST\nUsage: ./mc.sh [--env NAME] VERB [ARGUMENTS]\n",
        "",
    )


@pytest.mark.parametrize("command", ["env >&-", "data clear <&-"])
def test_a_closed_input_or_output_causes_no_error(checkout: Path, tmp_path: Path, command: str) -> None:
    switch(checkout, "tea")
    result = run(["bash", "-c", f"./mc.sh {command}"], checkout, f"sqlite:///{tmp_path}/test.db")
    assert (result.returncode, result.stderr) == (0, "")


def test_ctrl_c_ends_a_command_with_one_line_and_130(checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Terminal(["./mc.sh", "ping", url], checkout, variables(DATABASE_URL)) as terminal:
            connection, _ = silent.accept()
            with connection:
                terminal.type(CTRL_C)
                assert terminal.read_until("Interrupted.\n$").replace("^C", "") == "Interrupted.\n"
                assert terminal.wait() == 130


# --- Ping -----------------------------------------------------------------------------------------------------------


def test_ping_prints_the_response_time_of_a_running_service(
    mc: MissionControl, sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    with Service(f"sqlite:///{tmp_path}/test.db", tmp_path) as service:
        # The time limit of `ping` may be too short for a busy machine.
        result = wait_for(lambda: each if (each := mc("ping", service.url)).returncode == 0 else None)
    assert re.fullmatch(rf"{service.url} is ready; median of \d+ responses [\d.]+ ms\n", result.stdout)


def test_ping_fails_without_a_service(mc: MissionControl) -> None:
    # Bound but not listening, so that no other process can open the port during the test.
    with socket.socket() as closed_port:
        closed_port.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed_port.getsockname()[1]}"
        assert_refuses_with_one_line(mc("ping", url), f"{url} is not ready")


def test_ping_requires_an_http_url(mc: MissionControl) -> None:
    assert_refuses_with_one_line(mc("ping", "file:///etc/passwd"), "is not an http:// or https:// URL")
