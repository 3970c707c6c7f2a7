"""Reports exceptions to Sentry, if the optional extra `sentry-sdk` is installed."""

import importlib
from types import ModuleType

from .. import environments
from .. import exceptions
from .. import pydmodels as pyd

FLUSH_S = 1.0

_sdk: ModuleType | None = None
"""The package. Without a DSN it is not imported, which would take 4 MB."""


def connect(dsn: str, environment: str, release: str) -> None:
    """Start reporting. Does nothing if the DSN is empty.

    Raises:
        SettingsInvalid: a DSN is set, but the package is not installed.
    """
    global _sdk
    if not dsn:
        return
    try:
        _sdk = importlib.import_module("sentry_sdk")
    except ImportError as error:
        install = "poetry install --extras sentry" if environments.IS_CHECKOUT else "pip install 'ninepanels[sentry]'"
        raise exceptions.SettingsInvalid(f"NINEPANELS_SENTRY_DSN: needs the extra: {install}") from error
    # The default integrations would report requests, local variables and log lines, which contain personal data.
    _sdk.init(
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
    """Report an exception; a background thread of the package sends it. Does nothing without `connect`."""
    if _sdk is None:
        return
    title = raised.exception or f"status {raised.status_code}"
    _sdk.capture_event(
        {
            "level": "error",
            "message": f"{title} in {raised.method_path}",
            "timestamp": event.created_at.isoformat(),
            "transaction": raised.method_path,
            "tags": {"status_code": raised.status_code, "request_id": event.request_id or ""},
            "fingerprint": [title, raised.method_path],
            "extra": {"event_id": str(event.event_id), "traceback": raised.traceback, "reason": raised.reason},
        }
    )


def disconnect() -> None:
    """Send the pending reports, within FLUSH_S."""
    if _sdk is not None:
        _sdk.flush(FLUSH_S)
