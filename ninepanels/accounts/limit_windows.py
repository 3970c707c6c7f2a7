"""Moving windows of attempts, in the memory of this process."""

from collections import defaultdict
from collections import deque
from threading import Lock

from limits import RateLimitItem
from limits.util import WindowStats

from .. import clock

SWEEP_INTERVAL_S = 60.0


class MemoryWindows:
    """Counts attempts, as a `MovingWindowRateLimiter` of the library `limits` with its storage in memory does.

    That storage reads the wall clock: when it is set back, attempts stay in their window for as much longer. It also
    starts threads, each of which passes over all subjects: too much for a limit on every write.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._attempts: defaultdict[tuple[str, int], dict[str, deque[float]]] = defaultdict(dict)
        self._swept_at = clock.monotonic()

    def test(self, limit: RateLimitItem, subject: str) -> bool:
        """Return whether another attempt is within a limit."""
        with self._lock:
            return len(self._in_window(limit, subject)) < limit.amount

    def hit(self, limit: RateLimitItem, subject: str) -> bool:
        """Count an attempt and return true, or return false if the limit is exhausted."""
        with self._lock:
            attempts = self._in_window(limit, subject)
            if len(attempts) >= limit.amount:
                return False
            attempts.append(clock.monotonic())
            self._attempts[limit.namespace, limit.get_expiry()][subject] = attempts
            self._sweep()
            return True

    def get_window_stats(self, limit: RateLimitItem, subject: str) -> WindowStats:
        """Return when the oldest attempt leaves the window, by the wall clock, and how many attempts are left."""
        with self._lock:
            attempts = self._in_window(limit, subject)
            age = clock.monotonic() - attempts[0] if attempts else 0.0
            return WindowStats(clock.now().timestamp() + limit.get_expiry() - age, limit.amount - len(attempts))

    def _in_window(self, limit: RateLimitItem, subject: str) -> deque[float]:
        expiry_s = limit.get_expiry()
        attempts = self._attempts[limit.namespace, expiry_s].get(subject) or deque()
        start = clock.monotonic() - expiry_s
        while attempts and attempts[0] <= start:
            attempts.popleft()
        return attempts

    def _sweep(self) -> None:
        """Forget the subjects without an attempt in their window, from time to time."""
        now = clock.monotonic()
        if now < self._swept_at + SWEEP_INTERVAL_S:
            return
        self._swept_at = now
        for (name, expiry_s), subjects in self._attempts.items():
            recent = {subject: each for subject, each in subjects.items() if each and each[-1] > now - expiry_s}
            self._attempts[name, expiry_s] = recent
