"""Queries on access tokens and their users."""

from datetime import datetime
from typing import Any
from typing import NamedTuple
from typing import Protocol

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


class Claims(Protocol):
    """The claims of an access token that decide whether it is revoked."""

    @property
    def user_id(self) -> int:
        """The id of the user."""

    @property
    def jti(self) -> str:
        """The id of the token."""

    @property
    def issued_at(self) -> datetime:
        """When the token was issued."""

    @property
    def generation(self) -> int:
        """The user's `token_generation` when the token was issued."""


class Bearer(NamedTuple):
    """A token and the day settings of its user. A statement verifies them with the conditions `VERIFIED`."""

    user_id: int
    jti: str
    issued_at: datetime
    generation: int
    timezone: str
    day_starts_at: int

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of VERIFIED. An UPDATE would set the columns that have the names of parameters."""
        return dict(zip(_PARAMETERS, self, strict=True))


_PARAMETERS = [f"bearer_{name}" for name in Bearer._fields]

# Conditions of the query that reads the user, so that no extra statement is needed to check for revocation.
VALID = (
    sql.User.id == bindparam("bearer_user_id"),
    sql.User.token_generation == bindparam("bearer_generation"),
    or_(sql.User.tokens_valid_after.is_(None), sql.User.tokens_valid_after < bindparam("bearer_issued_at")),
    ~exists().where(
        sql.BlacklistedAccessToken.user_id == sql.User.id, sql.BlacklistedAccessToken.jti == bindparam("bearer_jti")
    ),
)
"""Conditions on `sql.User` that hold for a token that is not revoked, with the parameters of a `Bearer`."""

_LAST_USED_AT = select(sql.LoginSession.last_used_at).where(
    sql.LoginSession.user_id == sql.User.id, sql.LoginSession.jti == bindparam("bearer_jti")
)
_USER_BY_TOKEN = select(*users.COLUMNS, _LAST_USED_AT.scalar_subquery()).where(*VALID)

VERIFIED = (
    *VALID,
    sql.User.timezone == bindparam("bearer_timezone"),
    sql.User.day_starts_at == bindparam("bearer_day_starts_at"),
)
"""Conditions on `sql.User` that verify a `Bearer` as part of another query, with its `parameters`."""

_USER_BY_BEARER = select(*users.COLUMNS).where(*VERIFIED)

REVOCATION_COLUMNS = (sql.User.id, sql.User.token_generation, sql.User.tokens_valid_after)
"""The columns that `is_current` reads."""


def read_user(
    executor: Executor, user_id: int, *, jti: str, issued_at: datetime, generation: int
) -> tuple[users.UserRow, datetime | None] | None:
    """Return the user of a token and the last recorded use of its session, if there is one.

    Return None if the user was deleted or the token was revoked.
    """
    token = {"user_id": user_id, "jti": jti, "issued_at": issued_at, "generation": generation}
    row = executor.execute(_USER_BY_TOKEN, {f"bearer_{name}": value for name, value in token.items()}).one_or_none()
    if row is None:
        return None
    *user, last_used_at = row
    return users.UserRow(*user), last_used_at


def read_bearer(executor: Executor, bearer: Bearer) -> users.UserRow:
    """Return the user of a bearer.

    Raises:
        NotFound: the bearer is not verified.
    """
    row = executor.execute(_USER_BY_BEARER, bearer.parameters()).one_or_none()
    if row is None:
        raise exceptions.NotFound
    return users.UserRow(*row)


def is_current(user: Any, claims: Claims) -> bool:
    """Return whether a row of REVOCATION_COLUMNS accepts a token: the conditions VALID, without the blacklist."""
    valid_after: datetime | None = user.tokens_valid_after
    is_later = valid_after is None or valid_after < claims.issued_at
    return is_later and bool(user.token_generation == claims.generation)


def blacklist(session: Session, user_id: int, *, jti: str, expires_at: datetime) -> None:
    """Revoke a token. The row of the user is locked, so that concurrent calls do not conflict.

    Raises:
        NotAuthenticated: the user was deleted.
    """
    users.lock(session, user_id)
    session.merge(sql.BlacklistedAccessToken(user_id=user_id, jti=jti, expires_at=expires_at))


def sweep(session: Session, now: datetime) -> None:
    """Delete the blacklisted tokens that have expired."""
    session.execute(sql_delete(sql.BlacklistedAccessToken).where(sql.BlacklistedAccessToken.expires_at <= now))
