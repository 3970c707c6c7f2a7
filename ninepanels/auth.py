"""Passwords, tokens, and who is calling."""

import asyncio
import base64
import hashlib
import re
import secrets
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from functools import lru_cache
from typing import Annotated
from typing import Concatenate
from typing import ParamSpec
from typing import TypeVar

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import OAuth2PasswordBearer
from jose import jwt
from passlib.context import CryptContext
from sqlalchemy import Connection

from . import clock
from . import crud
from . import exceptions
from . import pydmodels as pyd
from . import rate_limits
from . import sqlmodels as sql
from .config import Settings
from .crud.executor import Executor
from .crud.tokens import Bearer
from .crud.users import UserRow
from .database import UnitOfWork
from .database import database
from .threads import route_threads

ALGORITHM = "HS256"
LONGEST_TOKEN = 1024
RESET_TOKEN_BYTES = 32
REMEMBERED_TOKENS = 4_096

# OWASP's second choice for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
passwords = CryptContext(
    schemes=["argon2", "bcrypt"],
    deprecated=["bcrypt"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)

# A hash takes a core for 20 ms and more: in the threads of the routes, a few logins would hold up everybody's taps.
_hashing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="hashing_")

# Nobody's password. Checked for an unknown e-mail, which takes the same time as a wrong password then.
_NOBODYS_HASH = passwords.hash(str(uuid.uuid4()))

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


P = ParamSpec("P")
T = TypeVar("T")


# --- Passwords ------------------------------------------------------------------------------------------------------


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, passwords.hash, password)


async def verify_password(password: str, hashed: str, tries: Sequence[rate_limits.Try]) -> tuple[bool, str | None]:
    """Return whether a password is the one hashed, and a new hash where the old one is out of date.

    Args:
        password: what was typed.
        hashed: the hash of the right one.
        tries: what it counts against if it is wrong.

    Raises:
        TooManyTries: there were too many wrong ones; this one was not looked at.
    """
    return await asyncio.get_running_loop().run_in_executor(_hashing, _verify, password, hashed, tries)


def _verify(password: str, hashed: str, tries: Sequence[rate_limits.Try]) -> tuple[bool, str | None]:
    # Asked and counted here, where there are two at a time: guesses sent all at once would not be counted in time.
    rate_limits.guard.check(tries)
    try:
        matches, renewed = passwords.verify_and_update(password, hashed)
    except ValueError:
        # bcrypt refuses what it can never have hashed: NUL, or more than 72 bytes.
        matches, renewed = False, None
    if not matches:
        rate_limits.guard.count(tries)
    return matches, renewed


@dataclass(frozen=True)
class Login:
    """Somebody who knew the password, at the instant before it was looked up."""

    user: UserRow
    at: datetime


async def log_in(email: str, password: str, address: str) -> Login:
    """Return the user with this e-mail and password; a hash that is out of date is renewed.

    Raises:
        NotAuthenticated: there is none, told in the same words and the same time for either reason.
        TooManyTries: too many logins failed for this e-mail, or from this address.
    """
    at = clock.now()
    user = await route_threads.run(_find, email)
    hashed = user.hashed_password if user else _NOBODYS_HASH
    matches, renewed = await verify_password(password, hashed, rate_limits.login(email, address))
    if user is None or not matches:
        raise exceptions.NotAuthenticated("Wrong e-mail or password.")
    if renewed is not None:
        await route_threads.run(_renew, user, renewed)
    return Login(user, at)


def _find(email: str) -> UserRow | None:
    with database.reading() as connection:
        return crud.users.read_by_email(connection, email)


def _renew(user: UserRow, renewed: str) -> None:
    with database.writing() as work:
        crud.users.renew_hash(work, user.id, outdated=user.hashed_password, renewed=renewed)


# --- Tokens ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AccessToken:
    """What a good token says."""

    user_id: int
    jti: str
    issued_at: datetime
    expires_at: datetime


def issue_token(user: sql.User | UserRow, at: datetime, settings: Settings) -> pyd.Token:
    """Return a fresh JWT for a user.

    Args:
        user: as they were read when they logged in; whatever revoked tokens before then does not revoke this one.
        at: the instant before that; whatever revokes tokens after it revokes this one.
        settings: the secret and the lifetime.
    """
    lifetime = timedelta(days=settings.access_token_days)
    # Another instance's clock may be ahead of ours.
    issued_at = max(at, user.tokens_valid_after + timedelta(microseconds=1)) if user.tokens_valid_after else at
    claims = {
        "sub": str(user.id),
        "iat": issued_at.timestamp(),
        "exp": issued_at + lifetime,
        "jti": str(uuid.uuid4()),
    }
    token = jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm=ALGORITHM)
    return pyd.Token(access_token=token, expires_in=int(lifetime.total_seconds()))


def read_token(token: str, settings: Settings) -> AccessToken:
    """Return what a token of ours says.

    Raises:
        NotAuthenticated: it is not one of ours, it has expired, or it is spelled in another way than we did.
    """
    access_token = _verify_token(token, settings.accepted_secrets)
    if access_token.expires_at <= clock.now():
        raise exceptions.NotAuthenticated("Your login has expired. Please log in again.")
    return access_token


# What a token says is the same each time it comes, and to verify one takes as long as a query. Only good ones stay.
@lru_cache(maxsize=REMEMBERED_TOKENS)
def _verify_token(token: str, accepted: tuple[str, ...]) -> AccessToken:
    if len(token) > LONGEST_TOKEN or not _TOKEN.fullmatch(token) or not _is_canonical(token.rpartition(".")[2]):
        raise exceptions.NotAuthenticated
    # The expiry is compared by the caller, with the project's own clock.
    options = {"verify_exp": False, **{f"require_{claim}": True for claim in ("sub", "iat", "exp", "jti")}}
    try:
        claims = jwt.decode(token, accepted, algorithms=[ALGORITHM], options=options)
        return AccessToken(
            user_id=int(claims["sub"]),
            jti=str(claims["jti"]),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except Exception as error:
        # jose lets RecursionError, OverflowError, TypeError and more through on hostile tokens.
        raise exceptions.NotAuthenticated(context_msg=type(error).__name__) from error


def _is_canonical(segment: str) -> bool:
    """Whether base64url text is the one spelling of its bytes: the last character can hold unused bits."""
    if len(segment) % 4 == 1:
        return False
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == segment


def new_reset_token() -> str:
    """Return what a password is reset with: 32 random bytes, fit for a URL."""
    return secrets.token_urlsafe(RESET_TOKEN_BYTES)


def hash_reset_token(token: str) -> str:
    """Return what is kept of it. It cannot be guessed, so it needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- Who is calling -------------------------------------------------------------------------------------------------

_last_known: dict[AccessToken, Bearer] = {}


@dataclass(frozen=True)
class LoggedIn:
    """The bearer of a good token; whether it is dead meanwhile is settled in the session their request uses."""

    request: HTTPConnection
    token: AccessToken

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, UserRow]]:
        """Open a connection to read with, and the caller on it.

        Raises:
            NotAuthenticated: the user is gone, or the token was revoked.
            DatabaseUnavailable: the database is away.
        """
        with database.reading() as connection:
            yield connection, self._identify(connection)

    @contextmanager
    def writing(self) -> Iterator[tuple[UnitOfWork, UserRow]]:
        """Open a unit of work, and the caller in it; raises what `reading` does."""
        with database.writing() as work:
            yield work, self._identify(work)

    def ask(
        self,
        connection: Connection,
        question: Callable[Concatenate[Connection, Bearer, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return the answer to a question whose statement proves the caller by itself, in one round trip.

        It is asked about the caller as they were last time; only when that finds nothing, or makes no sense, is it
        read who they are now.

        Args:
            connection: where it is asked.
            question: a query of crud's that takes a `Bearer`.
            args: what else it takes.
            kwargs: likewise.

        Raises:
            NotAuthenticated: the user is gone, or the token was revoked.
            NinePanelsBaseException: whatever the question raises about the caller as they are.
        """
        bearer = _last_known.get(self.token) or self._prove(connection)
        while True:
            try:
                answer = question(connection, bearer, *args, **kwargs)
            except exceptions.NinePanelsBaseException:
                presumed, bearer = bearer, self._prove(connection)
                if bearer == presumed:
                    raise
            else:
                self.request.state.user_id = bearer.user_id
                return answer

    async def confirm_password(self, password: str) -> str:
        """Make sure that it is the user who sits there, and return the hash that says so.

        Raises:
            WrongPassword: it does not seem so.
            TooManyTries: it did not seem so too often.
        """
        hashed = await route_threads.run(self._read_hash)
        matches, _ = await verify_password(password, hashed, rate_limits.recheck(self.token.user_id))
        if not matches:
            raise exceptions.WrongPassword
        return hashed

    def _read_hash(self) -> str:
        with self.reading() as (_, user):
            return user.hashed_password

    def _prove(self, connection: Connection) -> Bearer:
        user = self._identify(connection)
        bearer = Bearer(user.id, self.token.jti, self.token.issued_at, user.timezone, user.day_starts_at)
        if len(_last_known) >= REMEMBERED_TOKENS:
            _last_known.clear()
        _last_known[self.token] = bearer
        return bearer

    def _identify(self, executor: Executor) -> UserRow:
        user = crud.tokens.read_user(executor, self.token.user_id, jti=self.token.jti, issued_at=self.token.issued_at)
        if user is None:
            raise exceptions.NotAuthenticated
        self.request.state.user_id = user.id
        return user


class LoggedInAdmin(LoggedIn):
    """A bearer who has to be an admin, or their session raises NotAllowed."""

    def _identify(self, executor: Executor) -> UserRow:
        user = super()._identify(executor)
        if not user.is_admin:
            raise exceptions.NotAllowed
        return user


class _Bearer(OAuth2PasswordBearer):
    """Documents how one logs in, and reads who did: in one dependency, where the library's returns the token alone."""

    def __init__(self, bearer: type[LoggedIn]) -> None:
        super().__init__(tokenUrl="token")
        self._bearer = bearer

    # The library's returns a string; FastAPI hands an endpoint whatever comes back.
    async def __call__(self, request: HTTPConnection) -> LoggedIn:  # type: ignore[override]
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise exceptions.NotAuthenticated
        return self._bearer(request, read_token(token, request.app.state.settings))


Caller = Annotated[LoggedIn, Depends(_Bearer(LoggedIn))]
Admin = Annotated[LoggedInAdmin, Depends(_Bearer(LoggedInAdmin))]
