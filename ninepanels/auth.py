"""Passwords, tokens, and who is calling."""

import asyncio
import base64
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import OAuth2PasswordBearer
from jose import jwt
from passlib.context import CryptContext
from sqlalchemy.orm import Session

from . import clock
from . import crud
from . import exceptions
from . import pydmodels as pyd
from . import sqlmodels as sql
from .config import Settings
from .database import UnitOfWork
from .database import database

ALGORITHM = "HS256"
LONGEST_TOKEN = 1024

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


# --- Passwords ------------------------------------------------------------------------------------------------------


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, passwords.hash, password)


async def verify_password(password: str, hashed: str) -> tuple[bool, str | None]:
    """Return whether a password is the one hashed, and a new hash where the old one is out of date."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, _verify, password, hashed)


def _verify(password: str, hashed: str) -> tuple[bool, str | None]:
    try:
        matches, renewed = passwords.verify_and_update(password, hashed)
    except ValueError:
        # bcrypt refuses what it can never have hashed: NUL, or more than 72 bytes.
        return False, None
    return matches, renewed


async def log_in(email: str, password: str) -> sql.User:
    """Return the user with this e-mail and password; a hash that is out of date is renewed.

    Raises:
        NotAuthenticated: there is none, told in the same words and the same time for either reason.
    """
    user = await run_in_threadpool(_find, email)
    matches, renewed = await verify_password(password, user.hashed_password if user else _NOBODYS_HASH)
    if user is None or not matches:
        raise exceptions.NotAuthenticated("Wrong e-mail or password.")
    if renewed is not None:
        await run_in_threadpool(_renew, user, renewed)
    return user


def _find(email: str) -> sql.User | None:
    with database.reading() as session:
        return crud.users.read_by_email(session, email)


def _renew(user: sql.User, renewed: str) -> None:
    with database.writing() as work:
        crud.users.renew_hash(work, user.id, outdated=user.hashed_password, renewed=renewed)


# --- Tokens ---------------------------------------------------------------------------------------------------------


def issue_token(user_id: int, settings: Settings) -> pyd.Token:
    """Return a fresh JWT for a user."""
    lifetime = timedelta(days=settings.access_token_days)
    issued_at = clock.now()
    claims = {"sub": str(user_id), "iat": issued_at, "exp": issued_at + lifetime, "jti": str(uuid.uuid4())}
    token = jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm=ALGORITHM)
    return pyd.Token(access_token=token, expires_in=int(lifetime.total_seconds()))


def read_token(token: str, settings: Settings) -> int:
    """Return the id of the user whose token this is.

    Raises:
        NotAuthenticated: it is not one of ours, it has expired, or it is spelled in another way than we did.
    """
    if len(token) > LONGEST_TOKEN or not _TOKEN.fullmatch(token) or not _is_canonical(token.rpartition(".")[2]):
        raise exceptions.NotAuthenticated
    # The expiry is compared below, with the project's own clock.
    options = {"verify_exp": False, **{f"require_{claim}": True for claim in ("sub", "iat", "exp", "jti")}}
    try:
        claims = jwt.decode(token, settings.jwt_secret.get_secret_value(), algorithms=[ALGORITHM], options=options)
        user_id, expires_at = int(claims["sub"]), int(claims["exp"])
    except Exception as error:
        # jose lets RecursionError, OverflowError, TypeError and more through on hostile tokens.
        raise exceptions.NotAuthenticated(context_msg=type(error).__name__) from error
    if expires_at <= clock.now().timestamp():
        raise exceptions.NotAuthenticated("Your login has expired. Please log in again.")
    return user_id


def _is_canonical(segment: str) -> bool:
    """Whether base64url text is the one spelling of its bytes: the last character can hold unused bits."""
    if len(segment) % 4 == 1:
        return False
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == segment


# --- Who is calling -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LoggedIn:
    """The bearer of a good token; whether they are still a user is settled in the session their request uses."""

    request: Request
    token_of: int

    @contextmanager
    def reading(self) -> Iterator[tuple[Session, sql.User]]:
        """Open a session to read with, and the caller in it.

        Raises:
            NotAuthenticated: the user is gone.
            DatabaseUnavailable: the database is away.
        """
        with database.reading() as session:
            yield session, self._identify(session)

    @contextmanager
    def writing(self) -> Iterator[tuple[UnitOfWork, sql.User]]:
        """Open a unit of work, and the caller in it; raises what `reading` does."""
        with database.writing() as work:
            yield work, self._identify(work)

    async def confirm_password(self, password: str) -> None:
        """Make sure that it is the user who sits there.

        Raises:
            WrongPassword: it does not seem so.
        """
        hashed = await run_in_threadpool(self._read_hash)
        matches, _ = await verify_password(password, hashed)
        if not matches:
            raise exceptions.WrongPassword

    def _read_hash(self) -> str:
        with self.reading() as (_, user):
            return user.hashed_password

    def _identify(self, session: Session) -> sql.User:
        user = crud.users.read(session, self.token_of)
        if user is None:
            raise exceptions.NotAuthenticated
        self.request.state.user_id = user.id
        return user


_bearer = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)


async def _logged_in(request: Request, token: Annotated[str | None, Depends(_bearer)]) -> LoggedIn:
    if token is None:
        raise exceptions.NotAuthenticated
    return LoggedIn(request, token_of=read_token(token, request.app.state.settings))


Caller = Annotated[LoggedIn, Depends(_logged_in)]
