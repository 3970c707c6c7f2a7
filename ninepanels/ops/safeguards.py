"""What may not be done to an environment's data, whoever asks and however.

`data_mgmt.py` asks here, and for `backup.sh` the module that restores; `mc.sh` goes through them.
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
    """What cannot be taken back."""

    CREATE = "create"
    CLEAR = "clear"
    RESTORE = "restore"


def require(action: Action, settings: Settings, *, confirmed: bool) -> None:
    """Return when the action may go on; on STAGING its name has to be typed, unless that is `confirmed`.

    Raises:
        Refused: it may not.
    """
    env = environment_of(settings)
    if env is Environment.MAIN:
        raise exceptions.OperationRefused(
            f"'{action}' is refused on MAIN, whatever the flags: these are people's days."
        )
    if env is Environment.STAGING and not confirmed:
        sys.stderr.write(f"'{action}' changes the data of {env} for good. Type {env} to go on: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip() != env:
            raise exceptions.OperationRefused(f"'{action}' was not confirmed; nothing was done. (--yes confirms it.)")


def environment_of(settings: Settings) -> Environment:
    """Return the environment whose data these settings lead to.

    It is the branch's own if that has the same database: a variable can point TEST at the data of MAIN.
    """
    branch = environments.branch()
    if branch is None:
        return settings.env
    own = config.read_settings(environments.choose(branch, None))
    return own.env if _place(own.database_url) == _place(settings.database_url) else settings.env


def _place(database_url: str) -> tuple[str | None, ...]:
    """Return where a database is, in the same words for each spelling of it and whoever logs in."""
    url = make_url(database_url)
    if url.drivername == "sqlite":
        return (str(Path(url.database or "").resolve()),)
    host = str(url.query.get("host", url.host or "localhost"))
    port = str(url.query.get("port", url.port or POSTGRESQL_PORT))
    return "localhost" if is_loopback(host) or host.startswith("/") else host.lower(), port, url.database
