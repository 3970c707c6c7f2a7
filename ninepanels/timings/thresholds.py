"""Default thresholds: when a route counts as slow, unless an admin sets other values for it."""

from typing import NamedTuple


class Threshold(NamedTuple):
    """An alert is raised when the p95 of the last `window_size` requests exceeds `alert_threshold_ms`."""

    alert_threshold_ms: float
    window_size: int


DEFAULT = Threshold(alert_threshold_ms=500.0, window_size=100)

# These routes hash a password, which is slow by design, and wait for a hashing thread.
HASHING = Threshold(alert_threshold_ms=2_000.0, window_size=100)

BY_ROUTE = {
    "POST_/token": HASHING,
    "POST_/users": HASHING,
    "PATCH_/users": HASHING,
    "POST_/auth/change_password": HASHING,
    "POST_/auth/password_reset": HASHING,
}

CLEARED_BELOW = 0.8
"""Share of the threshold below which an alert is cleared. Between the two it stays as it is, so it does not flap."""

MIN_READINGS = 5
"""No alert is raised for fewer requests (or than the window, if that is smaller): the first request is always slow."""


def default_threshold(method_path: str) -> Threshold:
    """Return the default threshold of a route."""
    return BY_ROUTE.get(method_path, DEFAULT)
