"""Safeguards for irreversible operations on an environment's data.

`data_mgmt.py` and `ops.backups` call `require` before they change anything, so no command bypasses the safeguards.
"""

import sys
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


def require(action: Action, settings: Settings, *, confirmed: bool) -> None:
    """Require that an action is allowed. On STAGING, the user must type the environment's name unless `confirmed`.

    Raises:
        OperationRefused: the action is not allowed or was not confirmed.
    """
    env = environment_of(settings)
    if env is Environment.MAIN:
        raise exceptions.OperationRefused(f"'{action}' is refused on MAIN: no flag allows it on the users' real data.")
    if env is Environment.STAGING and not confirmed:
        sys.stderr.write(f"'{action}' permanently changes the data of {env}. Type {env} to continue: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip() != env:
            raise exceptions.OperationRefused(f"'{action}' was not confirmed; nothing was done. (--yes confirms it.)")


def environment_of(settings: Settings) -> Environment:
    """Return the environment that owns the database of these settings.

    The database of the branch's environment is recognized by its location, not by `settings.env`: an environment
    variable can select TEST together with the database of MAIN.
    """
    branch = environments.branch()
    if branch is None:
        return settings.env
    own = config.read_settings(environments.choose(branch, None))
    return own.env if _location(own.database_url) == _location(settings.database_url) else settings.env


def _location(database_url: str) -> tuple[str | None, ...]:
    """Return a normalized location of a database, independent of the spelling of the URL and of the login."""
    url = make_url(database_url)
    if url.drivername == "sqlite":
        return (str(Path(url.database or "").resolve()),)
    host = str(url.query.get("host", url.host or "localhost"))
    port = str(url.query.get("port", url.port or POSTGRESQL_PORT))
    return "localhost" if is_loopback(host) or host.startswith("/") else host.lower(), port, url.database
