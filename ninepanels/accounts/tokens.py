"""Access tokens (JWT) and password reset tokens."""

import base64
import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from jose import jwt
from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field

from .. import clock
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from ..config import Settings
from ..crud.users import UserRow

ALGORITHM = "HS256"
MAX_TOKEN_LENGTH = 1024
RESET_TOKEN_BYTES = 32
TOKEN_CACHE_SIZE = 4_096

MAX_TIMESTAMP = datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp()
"""The last second of the year 9999, the last one of `datetime`."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


_Timestamp = Annotated[float, Field(ge=0, le=MAX_TIMESTAMP, allow_inf_nan=False)]


class _Claims(BaseModel):
    """The claims of an access token, each within what `datetime` and the columns of the database can hold.

    A signature does not prove that: the secret may be shared with another program, or be known to an attacker.
    """

    model_config = ConfigDict(strict=True)

    sub: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,15}$")]
    jti: Annotated[str, Field(pattern=r"^[!-~]{1,36}$")]
    iat: _Timestamp
    exp: _Timestamp
    # Tokens of earlier releases have no generation, and were issued without a second factor.
    gen: Annotated[int, Field(ge=0, lt=2**31)] = 0
    mfa: bool = False


@dataclass(frozen=True)
class AccessToken:
    """The claims of a verified access token."""

    user_id: int
    jti: str
    issued_at: datetime
    expires_at: datetime
    generation: int
    has_second_factor: bool = False


def create_token(
    user: sql.User | UserRow, at: datetime, settings: Settings, *, has_second_factor: bool = False
) -> AccessToken:
    """Return the claims of a new access token for a user.

    Args:
        user: the user as read at login; a revocation before that instant does not apply to this token.
        at: the instant just before the user was read; a later revocation applies to this token.
        settings: the lifetime.
        has_second_factor: whether the login was made with a second factor.
    """
    # An instance whose clock is ahead may have revoked the user's tokens. The new token is issued after that instant.
    issued_at = max(at, user.tokens_valid_after + timedelta(microseconds=1)) if user.tokens_valid_after else at
    return AccessToken(
        user_id=user.id,
        jti=str(uuid.uuid4()),
        issued_at=issued_at,
        # The lifetime starts at `at`: `issued_at` is in the future if a clock that was ahead revoked the tokens.
        # jose cuts it to a whole second.
        expires_at=at.replace(microsecond=0) + timedelta(days=settings.access_token_days),
        generation=user.token_generation or 0,  # None until a new row is flushed
        has_second_factor=has_second_factor,
    )


def sign(token: AccessToken, settings: Settings) -> pyd.Token:
    """Return an access token as it is sent to the client, signed with the secret of the settings."""
    claims = {
        "sub": str(token.user_id),
        "iat": token.issued_at.timestamp(),
        "exp": token.expires_at,
        "mfa": token.has_second_factor,
        "gen": token.generation,
        "jti": token.jti,
    }
    signed = jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm=ALGORITHM)
    lifetime = timedelta(days=settings.access_token_days)
    return pyd.Token(access_token=signed, expires_in=int(lifetime.total_seconds()))


def read_token(token: str, settings: Settings) -> AccessToken:
    """Verify an access token and return its claims.

    Raises:
        NotAuthenticated: the token is malformed, not canonically encoded, or signed with another secret.
        LoginExpired: the token has expired.
    """
    access_token = _verify_token(token, settings.accepted_secrets)
    if access_token.expires_at <= clock.now():
        raise exceptions.LoginExpired
    return access_token


# Cached, because verifying a signature takes as long as a query. The result never changes; errors are not cached.
@lru_cache(maxsize=TOKEN_CACHE_SIZE)
def _verify_token(token: str, accepted_secrets: tuple[str, ...]) -> AccessToken:
    if len(token) > MAX_TOKEN_LENGTH or not _TOKEN.fullmatch(token) or not _is_canonical(token.rpartition(".")[2]):
        raise exceptions.NotAuthenticated
    try:
        # `read_token` checks the expiry against the project's clock.
        decoded = jwt.decode(token, accepted_secrets, algorithms=[ALGORITHM], options={"verify_exp": False})
        claims = _Claims.model_validate(decoded)
        return AccessToken(
            user_id=int(claims.sub),
            jti=claims.jti,
            issued_at=datetime.fromtimestamp(claims.iat, UTC),
            expires_at=datetime.fromtimestamp(claims.exp, UTC),
            generation=claims.gen,
            has_second_factor=claims.mfa,
        )
    except Exception as error:
        # jose raises RecursionError, OverflowError, TypeError and others for hostile tokens, pydantic ValidationError.
        raise exceptions.NotAuthenticated(context_msg=type(error).__name__) from error


def _is_canonical(segment: str) -> bool:
    """Return whether base64url text is canonical: the unused bits of the last character must be zero."""
    if len(segment) % 4 == 1:
        return False
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == segment


def new_reset_token() -> str:
    """Return a new password reset token: 32 random bytes in base64url."""
    return secrets.token_urlsafe(RESET_TOKEN_BYTES)


def hash_reset_token(token: str) -> str:
    """Return the SHA-256 hash of a reset token. The token is random, so neither a salt nor a slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
