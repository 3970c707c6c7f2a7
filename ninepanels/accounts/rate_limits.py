"""Rate limits: on attempts such as logins and sign-ups, per account and address, and on the writes of each user."""

import hashlib
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from fastapi.requests import HTTPConnection
from limits import RateLimitItem
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from .. import clock
from .. import exceptions
from ..http import client_addresses
from ..pydmodels import emails
from .limit_windows import MemoryWindows

STORAGE_TIMEOUT_S = 1.0
SHARED_STORAGE_PAUSE_S = 5.0
"""How long the shared storage is not used after it failed."""

GROWTH = (1, 4, 16)
"""The factors by which a limit grows with the networks of `client_addresses.networks_of`."""


def _per_address(amount: int, minutes: int, name: str) -> tuple[RateLimitItem, ...]:
    """Return the limits of an address: its own, and for IPv6 those of the networks around it."""
    names = client_addresses.NETWORKS
    return tuple(
        RateLimitItemPerMinute(amount * factor, minutes, namespace=f"{name}_per_{network}")
        for network, factor in zip(names, GROWTH, strict=True)
    )


FAILED_LOGINS_PER_ACCOUNT = RateLimitItemPerMinute(10, 15, namespace="failed_logins_per_account")
FAILED_LOGINS_PER_ADDRESS = _per_address(50, 15, "failed_logins")
# Right passwords, too, because verifying one takes a core for as long as twenty other requests.
LOGINS_PER_ACCOUNT = RateLimitItemPerMinute(30, 15, namespace="logins_per_account")
LOGINS_PER_ADDRESS = _per_address(100, 15, "logins")
FAILED_RECHECKS_PER_USER = RateLimitItemPerMinute(10, 15, namespace="failed_rechecks_per_user")
RECHECKS_PER_USER = RateLimitItemPerMinute(30, 15, namespace="rechecks_per_user")
# The limits above alone would permit a thousand guesses a day. Of a million codes, three are right at a time.
WRONG_CODES_PER_USER = RateLimitItemPerMinute(20, 24 * 60, namespace="wrong_codes_per_user")
SIGN_UPS_PER_ADDRESS = _per_address(30, 60, "sign_ups")
SIGN_UPS_PER_EMAIL = RateLimitItemPerMinute(5, 60, namespace="sign_ups_per_email")
RESET_REQUESTS_PER_ADDRESS = _per_address(30, 60, "reset_requests")
RESET_REQUESTS_PER_EMAIL = RateLimitItemPerMinute(5, 60, namespace="reset_requests_per_email")
ACCOUNT_UPDATES_PER_USER = RateLimitItemPerMinute(60, 60, namespace="account_updates_per_user")
ACCOUNT_CHANGES_PER_USER = RateLimitItemPerMinute(5, 60, namespace="account_changes_per_user")
ACCOUNT_CHANGES_PER_ADDRESS = _per_address(30, 60, "account_changes")
EMAIL_CHANGES_PER_EMAIL = RateLimitItemPerMinute(5, 60, namespace="email_changes_per_email")
WRITES_PER_USER = RateLimitItemPerMinute(600, 1, namespace="writes_per_user")
"""Counted in this process only: a request to the shared storage would make each tap slower."""

T = TypeVar("T")
Windows = MemoryWindows | MovingWindowRateLimiter
Method = Callable[[Windows], Callable[[RateLimitItem, str], T]]

log = logging.getLogger(__name__)


class Attempt(NamedTuple):
    """One use of a limit, by a subject: an account, an address or a user."""

    limit: RateLimitItem
    subject: str

    @property
    def key(self) -> str:
        """The key in the shared storage: a hash of constant length, so that no e-mail is stored."""
        return hashlib.sha256(self.subject.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Attempts:
    """One use of the limits of a request: the caller's own limits, and those that others use, too.

    The responses to the request report the state of the caller's own limits. They do not report that of an e-mail or of
    a network, which would reveal whether and when others tried.
    """

    request: HTTPConnection
    own: tuple[Attempt, ...]
    of_others: tuple[Attempt, ...] = ()

    @property
    def all(self) -> tuple[Attempt, ...]:
        """The attempts in the order in which they are checked and counted."""
        return (*self.of_others, *self.own)


class PasswordAttempts(NamedTuple):
    """What a password counts against: one of both, depending on whether it is right."""

    failed: Attempts
    valid: Attempts


def login(request: HTTPConnection, email: str) -> PasswordAttempts:
    """Return the limits that a login counts against."""
    account = emails.recognize(email)
    return PasswordAttempts(
        _of_address(request, FAILED_LOGINS_PER_ADDRESS, of_others=Attempt(FAILED_LOGINS_PER_ACCOUNT, account)),
        _of_address(request, LOGINS_PER_ADDRESS, of_others=Attempt(LOGINS_PER_ACCOUNT, account)),
    )


def recheck(request: HTTPConnection, user_id: int) -> PasswordAttempts:
    """Return the limits that the current password and the codes of a logged-in user count against."""
    return PasswordAttempts(
        Attempts(request, (Attempt(FAILED_RECHECKS_PER_USER, str(user_id)),)),
        Attempts(request, (Attempt(RECHECKS_PER_USER, str(user_id)),)),
    )


def with_wrong_code(attempts: Attempts, user_id: int) -> Attempts:
    """Return the attempts, and the limit of a day that the wrong codes of a user count against."""
    return Attempts(attempts.request, attempts.own, (Attempt(WRONG_CODES_PER_USER, str(user_id)), *attempts.of_others))


def sign_up(request: HTTPConnection, email: str) -> Attempts:
    """Return the limits that a sign-up counts against."""
    return _of_address(request, SIGN_UPS_PER_ADDRESS, of_others=Attempt(SIGN_UPS_PER_EMAIL, email))


def reset_request(request: HTTPConnection, email: str) -> Attempts:
    """Return the limits that a request for a password reset counts against."""
    return _of_address(request, RESET_REQUESTS_PER_ADDRESS, of_others=Attempt(RESET_REQUESTS_PER_EMAIL, email))


def account_update(request: HTTPConnection, user_id: int) -> Attempts:
    """Return the limit that any change of the account counts against, because each adds an audit event."""
    return Attempts(request, (Attempt(ACCOUNT_UPDATES_PER_USER, str(user_id)),))


def account_change(request: HTTPConnection, user_id: int, new_email: str | None = None) -> Attempts:
    """Return the limits that a change of the password or e-mail counts against.

    Each sends a mail, and the response to a new e-mail reveals whether another account has it. A new e-mail has a limit
    of its own, because many users, from many addresses, could try the same one.
    """
    of_user = Attempt(ACCOUNT_CHANGES_PER_USER, str(user_id))
    of_email = None if new_email is None else Attempt(EMAIL_CHANGES_PER_EMAIL, new_email)
    return _of_address(request, ACCOUNT_CHANGES_PER_ADDRESS, own=of_user, of_others=of_email)


def write(request: HTTPConnection, user_id: int) -> Attempts:
    """Return the limit that a change of the user's data counts against."""
    return Attempts(request, (Attempt(WRITES_PER_USER, str(user_id)),))


def _of_address(
    request: HTTPConnection,
    limits: tuple[RateLimitItem, ...],
    *,
    own: Attempt | None = None,
    of_others: Attempt | None = None,
) -> Attempts:
    """Return the limits of the address and of its networks, with a further own one and one of others."""
    networks = client_addresses.networks_of(request)
    address, *around = (Attempt(limit, network) for limit, network in zip(limits, networks, strict=False))
    return Attempts(
        request,
        (address,) if own is None else (own, address),
        tuple(around) if of_others is None else (of_others, *around),
    )


class RateLimiter:
    """Counts attempts, in this process or in a storage that all instances share. `main` connects it.

    A single limit is never exceeded: counting against it is atomic. Attempts that run in parallel can each pass `check`
    before any of them is counted; `count` refuses those beyond the limit.
    """

    def __init__(self) -> None:
        self._local: MemoryWindows | None = None
        self._shared: MovingWindowRateLimiter | None = None
        self._shared_resumes_at = 0.0

    def connect(self, *, on: bool, storage: str) -> None:
        """Start counting from zero, in "memory" or in the Redis of a URL, where counts expire by the clock of Redis.

        While Redis is not available, this process counts by itself.
        """
        self._local = MemoryWindows() if on else None
        self._shared, self._shared_resumes_at = None, clock.monotonic()
        if on and storage != "memory":
            timeouts: dict[str, Any] = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), STORAGE_TIMEOUT_S)
            redis = storage_from_string(storage, wrap_exceptions=True, **timeouts)
            self._shared = MovingWindowRateLimiter(redis)

    def check(self, attempts: Attempts) -> None:
        """Check, without counting it, that another attempt is within every limit. Blocks the calling thread.

        Raises:
            RateLimited: a limit is exhausted.
        """
        try:
            self._check(attempts)
        except exceptions.RateLimited:
            self._report(attempts)
            raise

    def count(self, attempts: Attempts) -> None:
        """Count an attempt against its limits. Blocks the calling thread.

        If a limit is exhausted, the attempt counts against none. There is one exception: if a parallel attempt exhausts
        a limit between check and count, this attempt still counts against the limits that are counted earlier.

        Raises:
            RateLimited: a limit is exhausted.
        """
        try:
            self._check(attempts)
            for attempt in attempts.all:
                self._require(attempt, lambda windows: windows.hit)
        finally:
            self._report(attempts)

    def _check(self, attempts: Attempts) -> None:
        for attempt in attempts.all:
            self._require(attempt, lambda windows: windows.test)

    def _report(self, attempts: Attempts) -> None:
        """Put the state of the caller's own limits into the headers of the response, also if it is an error.

        https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-11
        """
        if self._local is None:
            return
        state = attempts.request.scope["state"]
        reported = state.setdefault("rate_limits", {})
        for attempt in attempts.own:
            reset_time, remaining = self._call(self._local, attempt, lambda windows: windows.get_window_stats)
            limit, name = attempt.limit, attempt.limit.namespace
            policy = f'"{name}";q={limit.amount};w={limit.get_expiry()}'
            reported[name] = policy, f'"{name}";r={remaining};t={_seconds_until(reset_time, limit)}'
        policies, limits = (", ".join(items).encode() for items in zip(*reported.values(), strict=True))
        state.setdefault("response_headers", {}).update({b"ratelimit-policy": policies, b"ratelimit": limits})

    def _require(self, attempt: Attempt, method: Method[bool]) -> None:
        if self._local is None or self._call(self._local, attempt, method):
            return
        reset_time, _ = self._call(self._local, attempt, lambda windows: windows.get_window_stats)
        raise exceptions.RateLimited(_seconds_until(reset_time, attempt.limit), limit=attempt.limit.namespace)

    def _call(self, local: MemoryWindows, attempt: Attempt, method: Method[T]) -> T:
        """Call a method of the shared windows, or of the local ones if none are shared or they are not available."""
        limit, subject = attempt
        shared = None if limit is WRITES_PER_USER else self._shared
        if shared is not None and clock.monotonic() >= self._shared_resumes_at:
            try:
                return method(shared)(limit, attempt.key)
            except StorageError as error:
                # Without the pause, each call would wait for STORAGE_TIMEOUT_S while the storage is down.
                self._shared_resumes_at = clock.monotonic() + SHARED_STORAGE_PAUSE_S
                reason = type(error.storage_error).__name__
                log.warning("The shared rate limit storage is unavailable (%s); counting in this process", reason)
        return method(local)(limit, subject)


def _seconds_until(reset_time: float, limit: RateLimitItem) -> int:
    """Return the seconds until the oldest attempt leaves the window of a limit."""
    wait_s = math.ceil(reset_time - clock.now().timestamp())
    return min(max(wait_s, 1), limit.get_expiry())


rate_limiter = RateLimiter()
