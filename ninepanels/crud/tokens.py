"""Queries on access tokens: who is the bearer of one, and which are dead."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlalchemy import delete as sql_delete
from sqlalchemy import exists
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import exceptions
from .. import sqlmodels as sql
from . import users
from .executor import Executor


class Bearer(NamedTuple):
    """A token, and the day its user lives by: what has to be true for them to be answered."""

    user_id: int
    jti: str
    issued_at: datetime
    timezone: str
    day_starts_at: int


# Asked for together, so that revocation takes no statement of its own.
_ALIVE = (
    sql.User.id == bindparam("user_id"),
    or_(sql.User.tokens_valid_after.is_(None), sql.User.tokens_valid_after < bindparam("issued_at")),
    ~exists().where(
        sql.BlacklistedAccessToken.user_id == sql.User.id, sql.BlacklistedAccessToken.jti == bindparam("jti")
    ),
)
_BEARER = select(*users.COLUMNS).where(*_ALIVE)

VERIFIED = (*_ALIVE, sql.User.timezone == bindparam("timezone"), sql.User.day_starts_at == bindparam("day_starts_at"))
"""Conditions on `sql.User` that a `Bearer` meets, given its fields; under them a statement wants none before it."""

_PROVEN = select(*users.COLUMNS).where(*VERIFIED)


def read_user(executor: Executor, user_id: int, *, jti: str, issued_at: datetime) -> users.UserRow | None:
    """Return the user whose token this is, None when they are gone or the token is dead."""
    row = executor.execute(_BEARER, {"user_id": user_id, "jti": jti, "issued_at": issued_at}).one_or_none()
    return None if row is None else users.UserRow(*row)


def read_bearer(executor: Executor, bearer: Bearer) -> users.UserRow:
    """Return the user of a bearer.

    Raises:
        NotFound: the bearer is not verified.
    """
    row = executor.execute(_PROVEN, bearer._asdict()).one_or_none()
    if row is None:
        raise exceptions.NotFound
    return users.UserRow(*row)


def blacklist(session: Session, user_id: int, *, jti: str, expires_at: datetime) -> None:
    """Let a token be dead from now on; twice at once does no harm.

    Raises:
        NotAuthenticated: the user was deleted a moment ago.
    """
    users.lock(session, user_id)
    session.merge(sql.BlacklistedAccessToken(user_id=user_id, jti=jti, expires_at=expires_at))


def sweep(session: Session, now: datetime) -> None:
    """Delete what was blacklisted and has expired by now."""
    session.execute(sql_delete(sql.BlacklistedAccessToken).where(sql.BlacklistedAccessToken.expires_at <= now))
