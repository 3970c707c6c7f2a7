"""Queries for streams of changes: what they show of their users, and the signals between processes."""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from .. import exceptions
from .. import sqlmodels as sql
from . import tokens
from .executor import Executor
from .tokens import Bearer
from .tokens import Claims

CHANNEL = "ninepanels_changes"

MAX_NOTIFIED = 300
"""User ids in a notification. PostgreSQL limits a payload to 8,000 bytes, and an id has up to 19 digits."""


class UserState(NamedTuple):
    """What a stream shows of its user: the revision, and the settings from which their current day follows."""

    revision: int
    timezone: str
    day_starts_at: int


_USERS = (
    select(*tokens.REVOCATION_COLUMNS, *(sql.User.__table__.columns[name] for name in UserState._fields))
    .add_columns(sql.BlacklistedAccessToken.jti)
    .outerjoin(
        sql.BlacklistedAccessToken,
        and_(
            sql.BlacklistedAccessToken.user_id == sql.User.id,
            sql.BlacklistedAccessToken.jti.in_(bindparam("jtis", expanding=True)),
        ),
    )
    .where(sql.User.id.in_(bindparam("user_ids", expanding=True)))
)
_NOTIFY = select(func.pg_notify(CHANNEL, bindparam("payload")))


def read_states(executor: Executor, claims: Sequence[Claims]) -> dict[str, UserState]:
    """Return the state of the user of each token, by `jti`. Tokens that are revoked have none."""
    parameters = {"user_ids": list({each.user_id for each in claims}), "jtis": list({each.jti for each in claims})}
    users: dict[int, Any] = {}
    blacklisted: set[str | None] = set()
    for row in executor.execute(_USERS, parameters):
        users[row.id] = row
        blacklisted.add(row.jti)
    return {
        each.jti: UserState(user.revision, user.timezone, user.day_starts_at)
        for each in claims
        if (user := users.get(each.user_id)) and each.jti not in blacklisted and tokens.is_current(user, each)
    }


def read_state(executor: Executor, bearer: Bearer) -> UserState:
    """Return the state of a bearer.

    Raises:
        NotFound: the bearer's token is revoked.
    """
    states = read_states(executor, [bearer])
    if bearer.jti not in states:
        raise exceptions.NotFound
    return states[bearer.jti]


def notify(connection: Connection, user_ids: Iterable[int]) -> None:
    """Signal up to MAX_NOTIFIED users to all connections to PostgreSQL that listen."""
    connection.execute(_NOTIFY, {"payload": " ".join(map(str, user_ids))})


def listen(connection: Connection) -> None:
    """Make PostgreSQL send the signals of `notify` to this connection."""
    connection.exec_driver_sql(f"LISTEN {CHANNEL}")


def read_data_version(connection: Connection) -> int:
    """Return a number that changes when another connection has changed the SQLite database."""
    version: int = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
    return version
