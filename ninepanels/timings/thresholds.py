"""Default thresholds: when a route counts as slow, unless an admin sets other values."""

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
"""An alert is cleared below this share of the threshold, not at the threshold itself, so that it does not flap."""

MIN_READINGS = 5
"""No alert is raised for fewer requests, because the first one is always slow. A smaller window lowers the minimum."""


def default_threshold(method_path: str) -> Threshold:
    """Return the default threshold of a route."""
    return BY_ROUTE.get(method_path, DEFAULT)
