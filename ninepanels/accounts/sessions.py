"""Sessions: the use of access tokens, which expire if they are not used.

A process records a use at most once per RECORD_INTERVAL, and starts to count when it reads the recorded use. A token
can therefore expire up to twice that interval too early.
"""

from datetime import datetime
from datetime import timedelta

from fastapi.requests import HTTPConnection
from sqlalchemy.orm import Session

from .. import clock
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import queues
from .. import sqlmodels as sql
from ..config import Settings
from ..crud.users import UserRow
from ..http import user_agents
from . import tokens
from .tokens import AccessToken

RECORD_INTERVAL = timedelta(hours=1)


def start(
    session: Session, user: sql.User | UserRow, at: datetime, request: HTTPConnection, *, has_second_factor: bool
) -> pyd.Token:
    """Create an access token, as `tokens.create_token` does, and record it as used."""
    settings: Settings = request.app.state.settings
    token = tokens.create_token(user, at, settings, has_second_factor=has_second_factor)
    crud.sessions.record(session, _use(request, token, at))
    return tokens.sign(token, settings)


def check_use(request: HTTPConnection, token: AccessToken, last_used_at: datetime | None) -> None:
    """Record the use of a token, unless its last recorded use is recent.

    Raises:
        LoginExpired: the token was not used for too long.
    """
    now = clock.now()
    if last_used_at is not None:
        if is_recent(last_used_at, now):
            return
        if is_idle(request, last_used_at, now):
            raise exceptions.LoginExpired
    record_use(request, token, now)


def is_recent(last_used_at: datetime, now: datetime) -> bool:
    """Return whether a use now is too soon after the last one to be recorded."""
    # If `now` is much earlier than `last_used_at`, the clock was ahead and was set back.
    return -clock.MAX_SKEW <= now - last_used_at < RECORD_INTERVAL


def is_idle(request: HTTPConnection, last_used_at: datetime, now: datetime) -> bool:
    """Return whether a token has expired because it was not used for too long."""
    return last_used_at <= used_after(request, now)


def used_after(request: HTTPConnection, now: datetime) -> datetime:
    """Return the instant after which a token must have been used in order to be valid now."""
    settings: Settings = request.app.state.settings
    return now - timedelta(days=settings.access_token_idle_days)


def record_use(request: HTTPConnection, token: AccessToken, now: datetime) -> None:
    """Record that a token is used now. The handler of the event ignores it if the token was revoked."""
    queues.emit(_use(request, token, now))


def _use(request: HTTPConnection, token: AccessToken, at: datetime) -> pyd.SessionUsed:
    return pyd.SessionUsed(
        user_id=token.user_id,
        at=at,
        jti=token.jti,
        generation=token.generation,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        user_agent=user_agents.describe(request),
    )
