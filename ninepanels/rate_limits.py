"""The guard rails: how often may somebody try what nobody has to do often."""

import hashlib
import logging
import math
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from limits import RateLimitItem
from limits import RateLimitItemPerHour
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from . import clock
from . import emails
from . import exceptions

STORAGE_TIMEOUT_S = 1.0
SHARED_AWAY_FOR = timedelta(seconds=5)

FAILED_LOGINS_PER_ACCOUNT = RateLimitItemPerMinute(10, 15, namespace="failed_logins_per_account")
FAILED_LOGINS_PER_ADDRESS = RateLimitItemPerMinute(50, 15, namespace="failed_logins_per_address")
FAILED_RECHECKS_PER_USER = RateLimitItemPerMinute(10, 15, namespace="failed_rechecks_per_user")
SIGN_UPS_PER_ADDRESS = RateLimitItemPerHour(30, namespace="sign_ups_per_address")
SIGN_UPS_PER_EMAIL = RateLimitItemPerHour(5, namespace="sign_ups_per_email")
RESET_REQUESTS_PER_ADDRESS = RateLimitItemPerHour(30, namespace="reset_requests_per_address")
RESET_REQUESTS_PER_EMAIL = RateLimitItemPerHour(5, namespace="reset_requests_per_email")

T = TypeVar("T")
Question = Callable[[MovingWindowRateLimiter, RateLimitItem, str], T]

log = logging.getLogger(__name__)


class Try(NamedTuple):
    """Something that counts against a limit, and whose limit it is."""

    limit: RateLimitItem
    whose: str

    @property
    def key(self) -> str:
        """What the storage sees: nobody's e-mail, and always as long."""
        return hashlib.sha256(self.whose.encode("utf-8", "surrogatepass")).hexdigest()


def login(email: str, address: str) -> tuple[Try, ...]:
    """Return what a failed login counts against."""
    account = emails.recognize(email)
    return Try(FAILED_LOGINS_PER_ACCOUNT, account), Try(FAILED_LOGINS_PER_ADDRESS, address)


def recheck(user_id: int) -> tuple[Try, ...]:
    """Return what a wrong password of somebody who is logged in counts against."""
    return (Try(FAILED_RECHECKS_PER_USER, str(user_id)),)


def sign_up(email: str, address: str) -> tuple[Try, ...]:
    """Return what a sign-up counts against."""
    return Try(SIGN_UPS_PER_EMAIL, email), Try(SIGN_UPS_PER_ADDRESS, address)


def reset_request(email: str, address: str) -> tuple[Try, ...]:
    """Return what a request for a password reset counts against."""
    return Try(RESET_REQUESTS_PER_EMAIL, email), Try(RESET_REQUESTS_PER_ADDRESS, address)


class RateLimits:
    """The counters of this process, or those that all instances share; `main` connects them."""

    def __init__(self) -> None:
        self._own: MovingWindowRateLimiter | None = None
        self._shared: MovingWindowRateLimiter | None = None
        self._shared_again_at = clock.now()

    def connect(self, *, on: bool, storage: str) -> None:
        """Begin to count, from nothing.

        Args:
            on: whether anything is limited at all.
            storage: "memory", or the URL of a Redis; while that is away this process counts alone.
        """
        self._own = _moving_window("memory://") if on else None
        self._shared, self._shared_again_at = None, clock.now()
        if on and storage != "memory":
            timeouts = {"socket_timeout": STORAGE_TIMEOUT_S, "socket_connect_timeout": STORAGE_TIMEOUT_S}
            self._shared = _moving_window(storage, wrap_exceptions=True, **timeouts)

    def check(self, tries: Iterable[Try]) -> None:
        """Make sure that another try is within every limit, and count nothing. Blocks: not for the event loop.

        Raises:
            TooManyTries: it is not; says when it will be.
        """
        for each in tries:
            self._demand(MovingWindowRateLimiter.test, each)

    def count(self, tries: Sequence[Try]) -> None:
        """Count a try against every limit, or against none where it is one too many. Blocks as `check` does.

        Raises:
            TooManyTries: it is one too many.
        """
        self.check(tries)
        for each in tries:
            self._demand(MovingWindowRateLimiter.hit, each)

    def _demand(self, question: Question[bool], each: Try) -> None:
        if self._own is None or self._ask(self._own, question, each):
            return
        reset_time, _ = self._ask(self._own, MovingWindowRateLimiter.get_window_stats, each)
        wait_s = math.ceil(reset_time - clock.now().timestamp())
        raise exceptions.TooManyTries(retry_after_s=min(max(wait_s, 1), each.limit.get_expiry()))

    def _ask(self, own: MovingWindowRateLimiter, question: Question[T], each: Try) -> T:
        """Put a question to the shared counters, or to those of the process where there are none or they are away."""
        if self._shared is not None and clock.now() >= self._shared_again_at:
            try:
                return question(self._shared, each.limit, each.key)
            except StorageError as error:
                # Others wait behind whoever waits for an answer that does not come.
                self._shared_again_at = clock.now() + SHARED_AWAY_FOR
                away = type(error.storage_error).__name__
                log.warning("The shared rate limits are away (%s); this process counts alone", away)
        return question(own, each.limit, each.key)


def _moving_window(storage: str, **options: Any) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage_from_string(storage, **options))


guard = RateLimits()
