"""Where the project is, and its environment: the git branch determines it, and without a branch it must be named.

An installed package has no branch, and is MAIN unless another environment is named.
"""

import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

from . import exceptions

ROOT = Path(__file__).resolve().parent.parent
"""The directory of the package: the project, or the packages of an installation."""

IS_CHECKOUT = (ROOT / "mc.sh").is_file()
"""Whether this is a checkout or a download of the project, not an installed package."""

COMMAND = "./mc.sh" if IS_CHECKOUT else "ninepanels"
"""The command of mission control."""


def _home() -> Path:
    if given := os.environ.get("NINEPANELS_HOME"):
        return Path(given).absolute()
    if IS_CHECKOUT:
        return ROOT
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")  # noqa: PTH111 - raises no error
    return Path(data) / "ninepanels"


HOME = _home()
"""The directory of the settings files and of `var/`. An upgrade of the package does not change it."""


class Environment(StrEnum):
    """An environment; see docs/settings.md."""

    FEATURE = "FEATURE"
    STAGING = "STAGING"
    MAIN = "MAIN"
    TEST = "TEST"


def git(*arguments: str) -> str | None:
    """Return the output of a git command for this checkout, None outside a checkout or if the command fails.

    `safe.directory` lets git read a checkout of another user, as when a service account runs the service.
    """
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (FileNotFoundError, subprocess.CalledProcessError):
        # git is not installed, or it refuses: for example, there is no commit yet.
        return None


def choose(branch: str | None, requested: str | None) -> Environment:
    """Return the environment of a branch.

    Args:
        branch: the checked-out branch, "" on a detached HEAD such as a tag, None outside a checkout.
        requested: the value of `--env` or NINEPANELS_ENV, None if neither is set.

    Raises:
        SettingsInvalid: `requested` is not an environment, is not allowed on this branch (TEST is allowed on all), or
            is missing without a branch.
    """
    names = ", ".join(Environment)
    if requested is not None and requested.upper() not in list(Environment):
        raise exceptions.SettingsInvalid(
            f"NINEPANELS_ENV: {requested!r} is not an environment; must be one of {names}."
        )
    env = Environment(requested.upper()) if requested else None
    if env is not None and (not branch or env is Environment.TEST):
        return env
    if not branch:
        reason = "git is missing or this is no git checkout" if branch is None else "no branch is checked out"
        raise exceptions.SettingsInvalid(
            f"NINEPANELS_ENV: {reason}, so name the environment, one of {names}, with the variable or with --env,"
            " as in './mc.sh --env MAIN run'."
        )
    allowed = {"main": Environment.MAIN, "staging": Environment.STAGING}.get(branch, Environment.FEATURE)
    if env not in (None, allowed):
        raise exceptions.SettingsInvalid(f"NINEPANELS_ENV: the branch {branch!r} allows {allowed} or TEST, not {env}.")
    return allowed


def branch() -> str | None:
    """Return the checked-out branch, "" on a detached HEAD, None outside a checkout or without git."""
    return git("branch", "--show-current")


def current(requested: str | None) -> Environment:
    """Return the environment of this process. The argument and the exception are those of `choose`."""
    if requested is None and not IS_CHECKOUT:
        return Environment.MAIN
    return choose(branch(), requested)


def main() -> None:
    """Print the environment, or exit with one line if it is unknown. It needs no package: `mc.sh` has none at first."""
    try:
        sys.stdout.write(f"{current(os.environ.get('NINEPANELS_ENV'))}\n")
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)


if __name__ == "__main__":
    main()
