"""Refreshes the statistics of a route, and raises or clears its alert."""

import uuid
from collections.abc import Sequence

from .. import clock
from .. import crud
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from ..database import UnitOfWork
from ..observability import route_names
from . import thresholds
from .thresholds import Threshold


def refresh(work: UnitOfWork, method_path: str, alert_emails: Sequence[str]) -> sql.TimingStats:
    """Add the statistics of a route's current window; raise or clear its alert by event and e-mail.

    The route's settings are locked, so that only one of several instances raises the alert for the same readings.
    """
    settings = crud.route_stats.lock_settings(work, method_path)
    threshold = _threshold(settings)
    readings = crud.route_stats.compute(work, method_path, threshold.window_size)
    route = route_names.parse(method_path)
    stats = sql.TimingStats(
        created_at=clock.now(),
        method=route.method,
        path=route.path,
        method_path=method_path,
        alert_threshold_ms=threshold.alert_threshold_ms,
        **readings._mapping,
    )
    if not settings.in_alert and _is_slow(stats, threshold):
        settings.in_alert, settings.alert_id = True, uuid.uuid4()
        _notify(work, pyd.RouteAlertRaised(**_alert(settings, stats)), pyd.MailKind.ROUTE_ALERT_RAISED, alert_emails)
    elif settings.in_alert and _is_cleared(stats, threshold):
        _notify(work, pyd.RouteAlertCleared(**_alert(settings, stats)), pyd.MailKind.ROUTE_ALERT_CLEARED, alert_emails)
        settings.in_alert, settings.alert_id = False, None
    stats.in_alert, stats.alert_id = settings.in_alert, settings.alert_id
    work.add(stats)
    work.flush()
    return stats


def _threshold(settings: sql.RouteSettings) -> Threshold:
    default = thresholds.default_threshold(settings.method_path)
    return Threshold(
        alert_threshold_ms=settings.alert_threshold_ms or default.alert_threshold_ms,
        window_size=settings.window_size or default.window_size,
    )


def _is_slow(stats: sql.TimingStats, threshold: Threshold) -> bool:
    enough = min(threshold.window_size, thresholds.MIN_READINGS)
    return stats.count >= enough and stats.p95 is not None and stats.p95 > threshold.alert_threshold_ms


def _is_cleared(stats: sql.TimingStats, threshold: Threshold) -> bool:
    return stats.p95 is not None and stats.p95 < thresholds.CLEARED_BELOW * threshold.alert_threshold_ms


def _alert(settings: sql.RouteSettings, stats: sql.TimingStats) -> dict[str, object]:
    return {
        "alert_id": settings.alert_id,
        "method_path": stats.method_path,
        "p95": stats.p95,
        "alert_threshold_ms": stats.alert_threshold_ms,
        "count": stats.count,
        "at": stats.created_at,
    }


def _notify(work: UnitOfWork, alert: pyd.RouteAlert, kind: pyd.MailKind, alert_emails: Sequence[str]) -> None:
    work.emit(alert)
    for email in alert_emails:
        crud.outbox.add(work, kind, email, user_id=None, about=alert.model_dump(mode="json"))
