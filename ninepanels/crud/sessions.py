"""Queries on login sessions. The id of a session is the `jti` of its access token.

A row says when a session was last used; the token decides whether the session is valid. A row that was written while
the session ended is not returned. A token of an earlier release or of a restored database is valid without a row.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import String
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import delete as sql_delete
from sqlalchemy import exists
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import clock
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import tokens
from .executor import INSERT
from .executor import Executor
from .executor import dialect
from .tokens import Bearer

MAX_OTHERS = 99
"""The most sessions that are returned besides the current one."""

_SESSION = sql.LoginSession
_OF_USE = ["expires_at", "last_used_at", "user_agent"]


def _record(insert: Any) -> Any:
    """Return the statement that records a use, if the token is valid.

    The user is locked before the foreign key is checked, so that a user who is being deleted causes no error.
    """
    use = [
        sql.User.id,
        bindparam("bearer_jti", type_=String),
        bindparam("bearer_generation"),
        bindparam("bearer_issued_at", type_=sql.Instant),
        *(bindparam(f"use_{name}", type_=_SESSION.__table__.columns[name].type) for name in _OF_USE),
    ]
    valid = select(*use).where(*tokens.VALID).with_for_update(read=True, key_share=True)
    upsert = insert.from_select(["user_id", "jti", "generation", "created_at", *_OF_USE], valid)
    # An instant after `latest` was recorded while the clock of the service was ahead.
    is_earlier = _SESSION.last_used_at < upsert.excluded.last_used_at
    is_wrong = _SESSION.last_used_at > bindparam("latest", type_=sql.Instant)
    return upsert.on_conflict_do_update(
        index_elements=[_SESSION.user_id, _SESSION.jti],
        set_={"last_used_at": upsert.excluded.last_used_at},
        where=or_(is_earlier, is_wrong),
    )


_RECORD = {name: _record(insert(_SESSION.__table__)) for name, insert in INSERT.items()}

_OTHERS_OF_USER = and_(
    _SESSION.user_id == sql.User.id,
    _SESSION.jti != bindparam("bearer_jti"),
    _SESSION.generation == sql.User.token_generation,
    or_(sql.User.tokens_valid_after.is_(None), sql.User.tokens_valid_after < _SESSION.created_at),
    _SESSION.expires_at > bindparam("now"),
    _SESSION.last_used_at > bindparam("used_after"),
    ~exists().where(
        sql.BlacklistedAccessToken.user_id == _SESSION.user_id, sql.BlacklistedAccessToken.jti == _SESSION.jti
    ),
)
# With the outer join, a verified bearer without other sessions yields one row of NULLs. Any other bearer yields no row.
_OTHERS = (
    select(_SESSION.jti, _SESSION.created_at, _SESSION.last_used_at, _SESSION.user_agent)
    .select_from(sql.User)
    .outerjoin(_SESSION, _OTHERS_OF_USER)
    .where(*tokens.VERIFIED)
    .order_by(_SESSION.last_used_at.desc(), _SESSION.created_at.desc())
    .limit(MAX_OTHERS)
)


def record(session: Session, use: pyd.SessionUsed) -> None:
    """Set when a session was last used, unless a later use is recorded. Add a row if the session has none.

    Nothing is recorded if the token was revoked or the user was deleted.
    """
    parameters = {
        "bearer_user_id": use.user_id,
        "bearer_jti": use.jti,
        "bearer_generation": use.generation,
        "bearer_issued_at": use.issued_at,
        "use_expires_at": use.expires_at,
        "use_last_used_at": use.at,
        "use_user_agent": use.user_agent,
        "latest": clock.now() + clock.MAX_SKEW,
    }
    session.connection().execute(_RECORD[dialect(session)], parameters)


def read_all(
    connection: Connection, bearer: Bearer, used_after: datetime, user_agent: str | None
) -> list[pyd.LoginSession]:
    """Return the valid sessions of a bearer: the current one, and the others from the most recently used one on.

    The current session is in use now, by `user_agent`, and is returned whether or not it has a row.

    Raises:
        NotFound: the bearer is not verified.
    """
    now = clock.now()
    rows = connection.execute(_OTHERS, {**bearer.parameters(), "now": now, "used_after": used_after}).all()
    if not rows:
        raise exceptions.NotFound
    others = [] if rows[0].jti is None else [_as_session(*row, is_current=False) for row in rows]
    return [_as_session(bearer.jti, bearer.issued_at, now, user_agent, is_current=True), *others]


def read_expiry(executor: Executor, user_id: int, jti: str) -> datetime:
    """Return when the token of a session expires.

    Raises:
        NotFound: the user has no session with this id.
    """
    expires_at: datetime | None = executor.scalar(select(_SESSION.expires_at).where(*_owned(user_id, jti)))
    if expires_at is None:
        raise exceptions.NotFound
    return expires_at


def end(session: Session, user_id: int, *, jti: str, expires_at: datetime) -> None:
    """Revoke the token of a session, and delete the row of the session if it has one.

    Raises:
        NotAuthenticated: the user was deleted.
    """
    tokens.blacklist(session, user_id, jti=jti, expires_at=expires_at)
    session.execute(sql_delete(_SESSION).where(*_owned(user_id, jti)))


def forget(session: Session, user_id: int) -> None:
    """Delete the rows of all sessions of a user, whose tokens were revoked."""
    session.execute(sql_delete(_SESSION).where(_SESSION.user_id == user_id))


def sweep(session: Session, expired_at: datetime) -> None:
    """Delete the rows of the sessions whose tokens had expired at an instant.

    The rows of idle sessions are kept until then: their tokens would be valid without a row.
    """
    session.execute(sql_delete(_SESSION).where(_SESSION.expires_at <= expired_at))


def _owned(user_id: int, jti: str) -> tuple[Any, Any]:
    return _SESSION.user_id == user_id, _SESSION.jti == jti


def _as_session(
    jti: str, created_at: datetime, last_used_at: datetime, user_agent: str | None, *, is_current: bool
) -> pyd.LoginSession:
    return pyd.LoginSession(
        id=jti, created_at=created_at, last_used_at=last_used_at, user_agent=user_agent, is_current=is_current
    )
