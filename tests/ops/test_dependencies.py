"""dependencies.sh: the packages that mc.sh installs before it runs a verb."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ..support.checkouts import assert_refuses_with_one_line
from ..support.checkouts import execute
from ..support.checkouts import variables
from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import environment
from .conftest import DATABASE_URL
from .conftest import MissionControl


def shadow_pythons(folder: Path, script: str) -> dict[str, str]:
    """Replace every Python that mc.sh looks for by a script, and return the environment variables."""
    folder.mkdir()
    for name in ("python", "python3", *(f"python3.{minor}" for minor in range(11, 15))):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return variables(DATABASE_URL) | {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 1", "Python 3.11 or newer is needed"),
        ('case "$2" in *ensurepip*) exit 1; esac', "apt-get install python3-venv"),
    ],
)
def test_a_missing_prerequisite_is_reported_in_one_line(
    checkout: Path, tmp_path: Path, script: str, message: str
) -> None:
    shutil.rmtree(checkout / ".venv")
    result = execute(["./mc.sh", "env"], checkout, shadow_pythons(tmp_path / "bin", script))
    assert_refuses_with_one_line(result, message)
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("where", ["variable", "file", "nowhere"])
def test_sentry_is_installed_only_where_its_dsn_is_set(checkout: Path, tmp_path: Path, where: str) -> None:
    poetry = tmp_path / "bin" / "poetry"
    poetry.parent.mkdir()
    poetry.write_text(f'#!/usr/bin/env bash\necho "$*" >"{tmp_path}/arguments"\n')
    poetry.chmod(0o755)
    (checkout / ".venv" / ".installed-main").unlink()
    settings = environment(DATABASE_URL) | {"PATH": f"{poetry.parent}:{os.environ['PATH']}"}
    dsn = "NINEPANELS_SENTRY_DSN=https://key@sentry.example/1"
    if where == "variable":
        settings |= dict([dsn.split("=", 1)])
    (checkout / ".env.main").write_text(dsn if where == "file" else f"# {dsn}")
    del settings["NINEPANELS_ENV"]
    subprocess.run(
        ["./mc.sh", "env"], cwd=checkout, env=settings, capture_output=True, timeout=PROGRAM_DEADLINE_S, check=True
    )
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[0] == "install"
    assert ("sentry" in arguments) == (where != "nowhere")


def test_an_installation_with_sentry_serves_without_it_too(mc: MissionControl, checkout: Path) -> None:
    stamp = checkout / ".venv" / ".installed-main"
    stamp.write_text(f"{stamp.read_text().strip()} sentry\n")
    result = mc("--env", "TEST", "env")
    assert (result.returncode, result.stderr) == (0, "")


def test_warnings_of_an_installation_are_shown_only_if_it_fails(checkout: Path, tmp_path: Path) -> None:
    poetry = tmp_path / "bin" / "poetry"
    poetry.parent.mkdir()
    settings = variables(DATABASE_URL) | {"PATH": f"{poetry.parent}:{os.environ['PATH']}"}
    stderr = {}
    for code in (0, 1):
        poetry.write_text(f"#!/bin/sh\nprintf 'WARNING: Retrying\\nNo matching distribution\\n' >&2\nexit {code}\n")
        poetry.chmod(0o755)
        (checkout / ".venv" / ".installed-main").unlink(missing_ok=True)
        stderr[code] = execute(["./mc.sh", "--env", "TEST", "env"], checkout, settings).stderr.splitlines()
    installing = "Installing the packages into .venv, which takes about a minute"
    assert stderr[0] == [installing]
    assert stderr[1][:2] == [installing, "No matching distribution"]
    assert "could not be installed" in stderr[1][2]
    assert not (checkout / ".venv" / ".installed-main").exists()


def test_a_download_without_git_names_the_environment_before_it_installs(checkout: Path) -> None:
    shutil.rmtree(checkout / ".git")
    shutil.rmtree(checkout / ".venv")
    result = execute(["./mc.sh", "run"], checkout, variables(DATABASE_URL))
    assert_refuses_with_one_line(result, "as in './mc.sh --env MAIN run'")
    assert not (checkout / ".venv").exists()
