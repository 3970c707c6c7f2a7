"""Tells Sentry of exceptions; only where `sentry-sdk`, an optional extra, is installed."""

from types import ModuleType

from .. import exceptions
from .. import pydmodels as pyd

sentry_sdk: ModuleType | None
try:
    import sentry_sdk
except ImportError:
    sentry_sdk = None

FLUSH_S = 1.0


def connect(dsn: str, environment: str, release: str) -> None:
    """Begin to report to the project of a DSN, or not to report if that is empty.

    Raises:
        SettingsInvalid: there is a DSN, but the package is missing.
    """
    if not dsn:
        return
    if sentry_sdk is None:
        raise exceptions.SettingsInvalid("NINEPANELS_SENTRY_DSN: wants the extra: poetry install --extras sentry")
    # Its integrations would read requests, locals and log lines by themselves; it is told what we want it to know.
    sentry_sdk.init(
        dsn,
        environment=environment,
        release=release,
        default_integrations=False,
        auto_enabling_integrations=False,
        send_client_reports=False,
        auto_session_tracking=False,
        shutdown_timeout=FLUSH_S,
    )


def report(event: pyd.Event, raised: pyd.ExceptionRaised) -> None:
    """Report an exception; it is sent by a thread of the package's own. Without `connect` nothing happens."""
    if sentry_sdk is None:
        return
    what = raised.exception or f"status {raised.status_code}"
    sentry_sdk.capture_event(
        {
            "level": "error",
            "message": f"{what} in {raised.method_path}",
            "timestamp": event.created_at.isoformat(),
            "transaction": raised.method_path,
            "tags": {"status_code": raised.status_code, "request_id": event.request_id or ""},
            "fingerprint": [what, raised.method_path],
            "extra": {"event_id": str(event.event_id), "traceback": raised.traceback},
        }
    )


def disconnect() -> None:
    """Send what is not sent yet, within FLUSH_S."""
    if sentry_sdk is not None:
        sentry_sdk.flush(FLUSH_S)
