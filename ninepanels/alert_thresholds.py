"""When a route counts as slow, unless an admin says otherwise: the one table of defaults."""

from typing import NamedTuple


class Threshold(NamedTuple):
    """An alert is raised when the p95 of the last `window_size` requests is over `alert_threshold_ms`."""

    alert_threshold_ms: float
    window_size: int


USUAL = Threshold(alert_threshold_ms=500.0, window_size=100)

# These hash a password, on purpose slowly, and wait for their turn to do so.
HASHING = Threshold(alert_threshold_ms=2_000.0, window_size=100)

DEFAULTS = {
    "POST_/token": HASHING,
    "POST_/users": HASHING,
    "PATCH_/users": HASHING,
    "POST_/auth/change_password": HASHING,
    "POST_/auth/password_reset": HASHING,
}

CLEARED_BELOW = 0.8
"""Share of the threshold; between that and the threshold an alert stays as it is, so that it does not flap."""

FEWEST_READINGS = 5
"""A route that was called less often (or its window, if that is smaller) says nothing yet: the first call is slow."""


def of(method_path: str) -> Threshold:
    """Return the default of a route."""
    return DEFAULTS.get(method_path, USUAL)
