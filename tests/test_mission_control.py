"""mc.sh, called as people and CI call it, in a checkout of the tests' own."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ninepanels import environments

from .checkouts import assert_refuses_with_one_line
from .checkouts import run
from .checkouts import switch
from .servers import SECRET
from .servers import Service
from .servers import environment

DATABASE_URL = "postgresql://ada:hunter2@db.example.com/ninepanels"
VERBS = re.findall(r"^([a-z]+)\(\) \{ ##", (environments.ROOT / "mc.sh").read_text(), re.MULTILINE)

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
