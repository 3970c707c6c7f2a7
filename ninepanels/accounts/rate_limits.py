"""Rate limits on attempts such as failed logins and sign-ups."""

import hashlib
import logging
import math
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from fastapi.requests import HTTPConnection
from limits import RateLimitItem
from limits import RateLimitItemPerHour
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from .. import clock
from .. import exceptions
from ..http import client_addresses
from ..pydmodels import emails

STORAGE_TIMEOUT_S = 1.0
SHARED_STORAGE_PAUSE = timedelta(seconds=5)
"""How long the shared storage is not used after it failed."""

FAILED_LOGINS_PER_ACCOUNT = RateLimitItemPerMinute(10, 15, namespace="failed_logins_per_account")
FAILED_LOGINS_PER_ADDRESS = RateLimitItemPerMinute(50, 15, namespace="failed_logins_per_address")
FAILED_RECHECKS_PER_USER = RateLimitItemPerMinute(10, 15, namespace="failed_rechecks_per_user")
SIGN_UPS_PER_ADDRESS = RateLimitItemPerHour(30, namespace="sign_ups_per_address")
SIGN_UPS_PER_EMAIL = RateLimitItemPerHour(5, namespace="sign_ups_per_email")
RESET_REQUESTS_PER_ADDRESS = RateLimitItemPerHour(30, namespace="reset_requests_per_address")
RESET_REQUESTS_PER_EMAIL = RateLimitItemPerHour(5, namespace="reset_requests_per_email")
ACCOUNT_CHANGES_PER_USER = RateLimitItemPerHour(5, namespace="account_changes_per_user")
ACCOUNT_CHANGES_PER_ADDRESS = RateLimitItemPerHour(30, namespace="account_changes_per_address")
EMAIL_CHANGES_PER_EMAIL = RateLimitItemPerHour(5, namespace="email_changes_per_email")

T = TypeVar("T")
LimiterMethod = Callable[[MovingWindowRateLimiter, RateLimitItem, str], T]

log = logging.getLogger(__name__)


class Attempt(NamedTuple):
    """One use of a limit, by a subject: an account, an address or a user."""

    limit: RateLimitItem
    subject: str

    @property
    def key(self) -> str:
        """The key in the storage: a hash of constant length, so that no e-mail is stored."""
        return hashlib.sha256(self.subject.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Attempts:
    """One use of the limits of a request: the caller's own limits, and those of the e-mail in the request.

    The responses to the request report the state of the caller's own limits. They do not report the limits of an
    e-mail, which would reveal whether and when others tried it.
    """

    request: HTTPConnection
    own: tuple[Attempt, ...]
    of_email: tuple[Attempt, ...] = ()

    @property
    def all(self) -> tuple[Attempt, ...]:
        """The attempts in the order in which they are checked and counted."""
        return (*self.of_email, *self.own)


def login(request: HTTPConnection, email: str) -> Attempts:
    """Return the limits that a failed login counts against."""
    return _of_address(request, FAILED_LOGINS_PER_ADDRESS, Attempt(FAILED_LOGINS_PER_ACCOUNT, emails.recognize(email)))


def recheck(request: HTTPConnection, user_id: int) -> Attempts:
    """Return the limits that a wrong current password of a logged-in user counts against."""
    return Attempts(request, (Attempt(FAILED_RECHECKS_PER_USER, str(user_id)),))


def sign_up(request: HTTPConnection, email: str) -> Attempts:
    """Return the limits that a sign-up counts against."""
    return _of_address(request, SIGN_UPS_PER_ADDRESS, Attempt(SIGN_UPS_PER_EMAIL, email))


def reset_request(request: HTTPConnection, email: str) -> Attempts:
    """Return the limits that a request for a password reset counts against."""
    return _of_address(request, RESET_REQUESTS_PER_ADDRESS, Attempt(RESET_REQUESTS_PER_EMAIL, email))


def account_change(request: HTTPConnection, user_id: int, new_email: str | None = None) -> Attempts:
    """Return the limits that a change of the password or e-mail counts against.

    Each sends a mail, and the response to a new e-mail reveals whether another account has it. A new e-mail has a limit
    of its own, because many users, from many addresses, could try the same one.
    """
    of_address = Attempt(ACCOUNT_CHANGES_PER_ADDRESS, client_addresses.of(request))
    of_email = () if new_email is None else (Attempt(EMAIL_CHANGES_PER_EMAIL, new_email),)
    return Attempts(request, (Attempt(ACCOUNT_CHANGES_PER_USER, str(user_id)), of_address), of_email)


def _of_address(request: HTTPConnection, limit: RateLimitItem, of_email: Attempt) -> Attempts:
    return Attempts(request, (Attempt(limit, client_addresses.of(request)),), (of_email,))


class RateLimiter:
    """Counts attempts, in this process or in a storage that all instances share. `main` connects it.

    A single limit is never exceeded: counting against it is atomic. Attempts that run in parallel can each pass `check`
    before any of them is counted; `count` refuses those beyond the limit.
    """

    def __init__(self) -> None:
        self._local: MovingWindowRateLimiter | None = None
        self._shared: MovingWindowRateLimiter | None = None
        self._shared_resumes_at = self._latest = clock.now()

    def connect(self, *, on: bool, storage: str) -> None:
        """Start counting from zero, in "memory" or in the Redis of a URL.

        While Redis is not available, this process counts by itself.
        """
        self._local = _moving_window("memory://") if on else None
        self._shared, self._shared_resumes_at = None, clock.now()
        self._latest = clock.now()
        if on and storage != "memory":
            timeouts = {"socket_timeout": STORAGE_TIMEOUT_S, "socket_connect_timeout": STORAGE_TIMEOUT_S}
            self._shared = _moving_window(storage, wrap_exceptions=True, **timeouts)

    def check(self, attempts: Attempts) -> None:
        """Check, without counting it, that another attempt is within every limit. Blocks the calling thread.

        Raises:
            RateLimited: a limit is exhausted.
        """
        with self._reported(attempts):
            self._check(attempts)

    def count(self, attempts: Attempts) -> None:
        """Count an attempt against its limits. Blocks the calling thread.

        If a limit is exhausted, the attempt counts against none. There is one exception: if a parallel attempt exhausts
        a limit between check and count, this attempt still counts against the limits that are counted earlier.

        Raises:
            RateLimited: a limit is exhausted.
        """
        with self._reported(attempts):
            self._check(attempts)
            for attempt in attempts.all:
                self._require(MovingWindowRateLimiter.hit, attempt)

    def _check(self, attempts: Attempts) -> None:
        self._forget_the_future()
        for attempt in attempts.all:
            self._require(MovingWindowRateLimiter.test, attempt)

    @contextmanager
    def _reported(self, attempts: Attempts) -> Iterator[None]:
        """Put the state of the caller's own limits into the headers of the response, also if it is an error.

        https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-11
        """
        try:
            yield
        finally:
            if self._local is not None:
                state = attempts.request.scope["state"]
                reported = state.setdefault("rate_limits", {})
                for attempt in attempts.own:
                    reset_time, remaining = self._call(self._local, MovingWindowRateLimiter.get_window_stats, attempt)
                    limit, name = attempt.limit, attempt.limit.namespace
                    policy = f'"{name}";q={limit.amount};w={limit.get_expiry()}'
                    reported[name] = policy, f'"{name}";r={remaining};t={_seconds_until(reset_time, limit)}'
                policies, limits = (", ".join(items).encode() for items in zip(*reported.values(), strict=True))
                state["response_headers"] = [(b"ratelimit-policy", policies), (b"ratelimit", limits)]

    def _forget_the_future(self) -> None:
        """Count from zero if the clock was set back: attempts in the future would stay in every window until that time.

        In Redis, counts expire by the clock of Redis.
        """
        now = clock.now()
        if now < self._latest - clock.MAX_SKEW:
            if self._local is not None:
                self._local.storage.reset()
            self._latest = self._shared_resumes_at = now
        self._latest = max(self._latest, now)

    def _require(self, method: LimiterMethod[bool], attempt: Attempt) -> None:
        if self._local is None or self._call(self._local, method, attempt):
            return
        reset_time, _ = self._call(self._local, MovingWindowRateLimiter.get_window_stats, attempt)
        raise exceptions.RateLimited(_seconds_until(reset_time, attempt.limit), limit=attempt.limit.namespace)

    def _call(self, local: MovingWindowRateLimiter, method: LimiterMethod[T], attempt: Attempt) -> T:
        """Call the shared limiter, or the local one if none is configured or it is not available."""
        if self._shared is not None and clock.now() >= self._shared_resumes_at:
            try:
                return method(self._shared, attempt.limit, attempt.key)
            except StorageError as error:
                # Without the pause, each call would wait for STORAGE_TIMEOUT_S while the storage is down.
                self._shared_resumes_at = clock.now() + SHARED_STORAGE_PAUSE
                reason = type(error.storage_error).__name__
                log.warning("The shared rate limit storage is unavailable (%s); counting in this process", reason)
        return method(local, attempt.limit, attempt.key)


def _seconds_until(reset_time: float, limit: RateLimitItem) -> int:
    """Return the seconds until the oldest attempt leaves the window of a limit."""
    wait_s = math.ceil(reset_time - clock.now().timestamp())
    return min(max(wait_s, 1), limit.get_expiry())


def _moving_window(storage: str, **options: Any) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage_from_string(storage, **options))


rate_limiter = RateLimiter()
