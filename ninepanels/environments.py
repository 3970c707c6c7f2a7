"""Which environment this is. The git branch decides, and nothing else may contradict it."""

import subprocess
from enum import StrEnum
from pathlib import Path

from . import exceptions

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""


class Environment(StrEnum):
    """Where this runs; see "Environments" in the README."""

    FEATURE = "FEATURE"
    STAGING = "STAGING"
    MAIN = "MAIN"
    TEST = "TEST"


def git(*arguments: str) -> str | None:
    """Return what git prints for this checkout without its line end, or None outside a checkout.

    A checkout that belongs to another user (a service account runs it) is trusted: it is our own folder.
    """
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def choose(branch: str | None, asked: str | None) -> Environment:
    """Return the environment of a branch.

    Args:
        branch: the checked-out branch, "" when none is, None outside a checkout.
        asked: what `--env` or NINEPANELS_ENV names, None when nothing does.

    Raises:
        SettingsInvalid: `asked` is no environment, or not the one that the branch allows (TEST always is), or is
            missing outside a checkout.
    """
    names = ", ".join(Environment)
    if asked is not None and asked.upper() not in list(Environment):
        raise exceptions.SettingsInvalid(f"NINEPANELS_ENV: {asked!r} is no environment; the environments are {names}.")
    wanted = Environment(asked.upper()) if asked else None
    if wanted is not None and (branch is None or wanted is Environment.TEST):
        return wanted
    if branch is None:
        raise exceptions.SettingsInvalid(f"NINEPANELS_ENV: outside a git checkout it has to be one of {names}.")
    allowed = {"main": Environment.MAIN, "staging": Environment.STAGING}.get(branch, Environment.FEATURE)
    if wanted not in (None, allowed):
        raise exceptions.SettingsInvalid(
            f"NINEPANELS_ENV: the branch {branch!r} allows {allowed} or TEST, not {wanted}."
        )
    return allowed


def branch() -> str | None:
    """Return the checked-out branch, "" when none is, None outside a checkout."""
    return git("branch", "--show-current")


def current(asked: str | None) -> Environment:
    """Return the environment of this checkout; `asked` and the exception are those of `choose`."""
    return choose(branch(), asked)
