"""The current user: the FastAPI dependencies `CurrentUser`, `CurrentWriter` and `CurrentAdmin`.

Through them, routes access the database.
"""

import contextlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Annotated
from typing import Concatenate
from typing import ParamSpec
from typing import TypeVar

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import Connection

from .. import clock
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..crud.executor import Executor
from ..crud.tokens import Bearer
from ..crud.users import UserRow
from ..crud.versions import Version
from ..crud.versions import Versioned
from ..database import UnitOfWork
from ..database import database
from ..http import caching
from ..http import client_addresses
from ..http import documentation
from ..runtime.threads import route_threads
from . import passwords
from . import rate_limits
from . import sessions
from . import tokens
from .tokens import AccessToken

P = ParamSpec("P")
T = TypeVar("T")

BEARER_CACHE_SIZE = 4_096
RECENT = timedelta(minutes=10)
"""The age up to which a login confirms a request that otherwise needs the current password."""

_ERRORS = (exceptions.NotAuthenticated, exceptions.LoginExpired, *documentation.DATABASE_ERRORS)

_ADMIN_ERRORS = (exceptions.NotAllowed, exceptions.AdminSecondFactorRequired)


@dataclass
class _CachedBearer:
    """A bearer, and when its token was last used: to within `sessions.RECORD_INTERVAL`, and in this process only."""

    bearer: Bearer
    used_at: datetime


_bearers: dict[AccessToken, _CachedBearer] = {}


@dataclass(frozen=True)
class _Authenticated:
    """The owner of a token with a valid signature. Revocation is checked later, on the connection of the route."""

    request: HTTPConnection
    token: AccessToken

    @contextmanager
    def transaction(self) -> Iterator[tuple[UnitOfWork, UserRow]]:
        """Open a transaction and read the user in it.

        Raises:
            NotAuthenticated: the user was deleted or the token was revoked.
            LoginExpired: the token was not used for too long.
            NotAllowed: the route is for admins and the user is not an admin.
            DatabaseUnavailable: the database is not available.
        """
        with database.transaction() as work:
            yield work, self._read_user(work)

    def record(
        self, work: UnitOfWork, action: pyd.AuditAction, *, target_id: int | None, details: Iterable[str] = ()
    ) -> None:
        """Add an audit event of the current user: see `crud.audit.add`."""
        address = client_addresses.of(self.request)
        crud.audit.add(work, action, actor_id=self.token.user_id, target_id=target_id, address=address, details=details)

    def _read_user(self, executor: Executor) -> UserRow:
        token = self.token
        found = crud.tokens.read_user(
            executor, token.user_id, jti=token.jti, issued_at=token.issued_at, generation=token.generation
        )
        if found is None:
            raise exceptions.NotAuthenticated
        user, last_used_at = found
        sessions.check_use(self.request, token, last_used_at)
        self.request.state.user_id = user.id
        return user


class AuthenticatedUser(_Authenticated):
    """The current user of a route.

    `read`, and `write_once` of AuthenticatedWriter, take one round trip. The statement itself verifies the token and
    the user's day settings, which are cached per token. If the cached settings are outdated, the statement finds no
    row. The user is then read, and the statement is executed again.
    """

    def read(self, query: Callable[Concatenate[Connection, Bearer, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of a crud function that reads.

        Raises:
            NotAuthenticated: the user was deleted or the token was revoked.
            LoginExpired: the token was not used for too long.
            DatabaseUnavailable: the database is not available.
            NinePanelsBaseException: any exception that `query` raises for the user's current data.
        """
        with database.connection() as connection:
            return self._execute(connection, query, *args, **kwargs)

    def read_unless_known(
        self,
        query: Callable[Concatenate[Connection, Bearer, Version | None, P], Versioned[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return the result of a crud function that reads, for a route with `WITH_ETAG`; raises as `read` does.

        Raises:
            NotModified: the client has the response.
        """
        condition = caching.condition_of(self.request)
        version, result = self.read(query, caching.known_version(condition), *args, **kwargs)
        self.request.state.etag = etag = caching.etag_of(version)
        if result is None or caching.names(condition, etag):
            raise exceptions.NotModified
        return result

    async def confirm_password(self, password: str) -> str:
        """Verify the user's current password and return its hash; an outdated hash is replaced.

        Raises:
            WrongPassword: the password is wrong.
            RateLimited: too many wrong passwords.
        """
        user = await route_threads.run(database.read, self._read_user)
        attempts = rate_limits.recheck(self.request, user.id)
        matches, new_hash = await passwords.verify_password(password, user.hashed_password, attempts)
        if not matches:
            raise exceptions.WrongPassword
        if new_hash is None:
            return user.hashed_password
        await route_threads.run(self._replace_hash, user.hashed_password, new_hash)
        return new_hash

    def require_recent_login(self) -> None:
        """Check that the login is so recent that it confirms a request in place of the current password.

        Raises:
            PasswordRequired: the login is older than RECENT, or later than now because of a wrong clock.
        """
        if abs(clock.now() - self.token.issued_at) > RECENT:
            raise exceptions.PasswordRequired

    def _replace_hash(self, outdated: str, new: str) -> None:
        with self.transaction() as (work, user):
            crud.users.replace_hash(work, user.id, outdated=outdated, new=new)

    def _execute(
        self,
        connection: Connection,
        query: Callable[Concatenate[Connection, Bearer, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        bearer = self._cached_bearer() or self._read_bearer(connection)
        while True:
            try:
                result = query(connection, bearer, *args, **kwargs)
            except exceptions.NinePanelsBaseException:
                cached, bearer = bearer, self._read_bearer(connection)
                if bearer == cached:
                    raise
            else:
                self.request.state.user_id = bearer.user_id
                return result

    def _cached_bearer(self) -> Bearer | None:
        """Return the bearer of the token, unless this process has not used it for so long that it may have expired."""
        cached = _bearers.get(self.token)
        if cached is None:
            return None
        now = clock.now()
        if sessions.is_recent(cached.used_at, now):
            return cached.bearer
        if sessions.is_idle(self.request, cached.used_at, now):
            return None
        sessions.record_use(self.request, self.token, now)
        cached.used_at = now
        return cached.bearer

    def _read_bearer(self, connection: Connection) -> Bearer:
        user = self._read_user(connection)
        token = self.token
        bearer = Bearer(user.id, token.jti, token.issued_at, token.generation, user.timezone, user.day_starts_at)
        if len(_bearers) >= BEARER_CACHE_SIZE:
            _bearers.clear()
        _bearers[self.token] = _CachedBearer(bearer, clock.now())
        return bearer


class AuthenticatedWriter(AuthenticatedUser):
    """The current user of a route that changes their data, which a rate limit permits so many times a minute.

    A write is counted when the token is verified: a revoked token cannot use up the limit of its user.
    """

    @contextmanager
    def transaction(self) -> Iterator[tuple[UnitOfWork, UserRow]]:
        """Open a transaction as AuthenticatedUser does.

        Raises:
            RateLimited: too many writes.
        """
        attempts = self._check()
        with super().transaction() as (work, user):
            self._count(attempts)
            yield work, user

    def write_once(
        self,
        query: Callable[Concatenate[Connection, Bearer, P], T],
        event: Callable[[T], pyd.EventPayload | None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return the result of a crud function that writes with a single query; raises as `read` and `transaction` do.

        `event` takes the result and returns the payload of the event to publish, or None if nothing was written.
        """
        attempts = self._check()
        with database.single_statement() as connection:
            result = self._execute(connection, query, *args, **kwargs)
            if payload := event(result):
                connection.emit(payload)
        self._count(attempts)
        return result

    def _check(self) -> rate_limits.Attempts:
        attempts = rate_limits.write(self.request, self.token.user_id)
        rate_limits.rate_limiter.check(attempts)
        return attempts

    def _count(self, attempts: rate_limits.Attempts) -> None:
        # A parallel request may have exhausted the limit since the check.
        with contextlib.suppress(exceptions.RateLimited):
            rate_limits.rate_limiter.count(attempts)


class AuthenticatedAdmin(_Authenticated):
    """The current user of a route for admins. `is_admin` is read with every request, never from a cache."""

    def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of a crud function that reads.

        Raises:
            NotAuthenticated: the user was deleted or the token was revoked.
            LoginExpired: the token was not used for too long.
            NotAllowed: the user is not an admin.
            AdminSecondFactorRequired: the login was made without a second factor, which admins need, or it is off.
            DatabaseUnavailable: the database is not available.
        """
        with database.connection() as connection:
            self._read_user(connection)
            return query(connection, *args, **kwargs)

    def _read_user(self, executor: Executor) -> UserRow:
        user = super()._read_user(executor)
        if not user.is_admin:
            raise exceptions.NotAllowed
        if self.request.app.state.settings.admin_mfa == "on":
            # The token outlasts the second factor, which the user or the operator may have switched off.
            is_protected = self.token.has_second_factor and crud.second_factors.is_on(executor, user.id)
            if not is_protected:
                raise exceptions.AdminSecondFactorRequired
        return user


class _TokenBearer(OAuth2PasswordBearer):
    """Documents the login and its errors in the schema, and returns the authenticated user instead of the token."""

    def __init__(self, user_class: type[_Authenticated], *raises: type[exceptions.NinePanelsBaseException]) -> None:
        super().__init__(tokenUrl="token", scheme_name="password", description="Your e-mail and your password.")
        self._user_class = user_class
        self.raises = (*_ERRORS, *raises)

    # FastAPI passes the result to the endpoint, whatever its type.
    async def __call__(self, request: HTTPConnection) -> _Authenticated:  # type: ignore[override]
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise exceptions.NotAuthenticated
        return self._user_class(request, tokens.read_token(token, request.app.state.settings))


CurrentUser = Annotated[AuthenticatedUser, Depends(_TokenBearer(AuthenticatedUser))]
CurrentWriter = Annotated[AuthenticatedWriter, Depends(_TokenBearer(AuthenticatedWriter, exceptions.RateLimited))]
CurrentAdmin = Annotated[AuthenticatedAdmin, Depends(_TokenBearer(AuthenticatedAdmin, *_ADMIN_ERRORS))]
