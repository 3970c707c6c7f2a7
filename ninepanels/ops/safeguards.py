"""Safeguards for irreversible operations on an environment's data.

`ops.data` and `ops.backups` call `require` before they change anything, so no command bypasses the safeguards.
"""

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from sqlalchemy import make_url

from .. import config
from .. import environments
from .. import exceptions
from ..config import Settings
from ..config import is_loopback
from ..environments import Environment

POSTGRESQL_PORT = 5432


class Action(StrEnum):
    """An irreversible operation."""

    CREATE = "create"
    CLEAR = "clear"
    RESTORE = "restore"


def require(
    action: Action,
    settings: Settings,
    *,
    confirmed: bool,
    has_rows: Callable[[], bool] = lambda: True,
    back_up: Callable[[], None] | None = None,
) -> None:
    """Require that an action is allowed and, unless `confirmed`, that the user types the environment's name.

    On STAGING, the name is always required. Elsewhere it is required on a terminal, before an action that deletes rows;
    scripts are not asked.

    Args:
        action: the action.
        settings: the settings of the environment.
        confirmed: whether the command line already confirms the action.
        has_rows: returns whether the database has rows that the action deletes.
        back_up: makes a backup, which is offered on a terminal. None if the action makes its own.

    Raises:
        OperationRefused: the action is not allowed or was not confirmed.
    """
    env = environment_of(settings)
    if env is Environment.MAIN:
        instead = (
            " To replace a lost database, see 'Restore' in docs/operations.md." if action is Action.RESTORE else ""
        )
        raise exceptions.OperationRefused(
            f"'{action}' is refused on MAIN: no flag allows it on the users' real data.{instead}"
        )
    if confirmed:
        return
    deletes_on_terminal = action is not Action.CREATE and sys.stdin.isatty() and has_rows()
    if deletes_on_terminal and back_up is not None and _wants_backup(action):
        back_up()
    if deletes_on_terminal or env is Environment.STAGING:
        answer = _ask(f"'{action}' permanently changes the data of {env}. Type {env} to continue: ")
        if answer.strip() != env:
            raise _not_confirmed(action)


def _wants_backup(action: Action) -> bool:
    """Ask until the answer is yes or no. The end of the input refuses the action."""
    while answer := _ask("Back up first? [Y/n] "):
        if answer.strip().lower() in {"", "y", "yes"}:
            return True
        if answer.strip().lower() in {"n", "no"}:
            return False
    raise _not_confirmed(action)


def _ask(question: str) -> str:
    """Return the line that the user types, or "" at the end of the input."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()


def _not_confirmed(action: Action) -> exceptions.OperationRefused:
    return exceptions.OperationRefused(f"'{action}' was not confirmed; nothing was done. (--yes confirms it.)")


def environment_of(settings: Settings) -> Environment:
    """Return the environment that owns the database of these settings.

    The database of the branch's environment is recognized by its location, not by `settings.env`: an environment
    variable can select TEST together with the database of MAIN.
    """
    branch = environments.branch()
    if not branch:
        return settings.env
    own = environments.choose(branch, None)
    return own if _location(config.read_database_url(own)) == _location(settings.database_url) else settings.env


def _location(database_url: str) -> tuple[str | None, ...]:
    """Return a normalized location of a database, independent of the spelling of the URL and of the login."""
    url = make_url(database_url)
    if url.drivername == "sqlite":
        return (str(Path(url.database or "").resolve()),)
    host = str(url.query.get("host", url.host or "localhost"))
    port = str(url.query.get("port", url.port or POSTGRESQL_PORT))
    return "localhost" if is_loopback(host) or host.startswith("/") else host.lower(), port, url.database
