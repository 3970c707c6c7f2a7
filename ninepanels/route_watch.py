"""Looks at how a route behaves, and raises its alert or clears it."""

import uuid

from . import alert_thresholds
from . import clock
from . import crud
from . import pydmodels as pyd
from . import route_names
from . import sqlmodels as sql
from .alert_thresholds import Threshold
from .database import UnitOfWork


class RouteWatch:
    """Knows who hears of alerts by e-mail; `main` tells it."""

    def __init__(self) -> None:
        self._emails: tuple[str, ...] = ()

    def connect(self, emails: tuple[str, ...]) -> None:
        """Begin to write to these."""
        self._emails = emails

    def refresh(self, work: UnitOfWork, method_path: str) -> sql.TimingStats:
        """Keep the statistics of a route's last window; when they cross its threshold, say so by event and e-mail.

        The route's settings are locked: of several instances that see the same readings, one raises the alert.
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
            self._tell(work, pyd.RouteAlertRaised(**_alert(settings, stats)), pyd.MailKind.ROUTE_ALERT_RAISED)
        elif settings.in_alert and _is_fast_again(stats, threshold):
            self._tell(work, pyd.RouteAlertCleared(**_alert(settings, stats)), pyd.MailKind.ROUTE_ALERT_CLEARED)
            settings.in_alert, settings.alert_id = False, None
        stats.in_alert, stats.alert_id = settings.in_alert, settings.alert_id
        work.add(stats)
        work.flush()
        return stats

    def _tell(self, work: UnitOfWork, alert: pyd.RouteAlert, kind: pyd.MailKind) -> None:
        work.emit(alert)
        for email in self._emails:
            crud.outbox.add(work, kind, email, user_id=None, about=alert.model_dump(mode="json"))


route_watch = RouteWatch()


def _threshold(settings: sql.RouteSettings) -> Threshold:
    default = alert_thresholds.of(settings.method_path)
    return Threshold(
        alert_threshold_ms=settings.alert_threshold_ms or default.alert_threshold_ms,
        window_size=settings.window_size or default.window_size,
    )


def _is_slow(stats: sql.TimingStats, threshold: Threshold) -> bool:
    enough = min(threshold.window_size, alert_thresholds.FEWEST_READINGS)
    return stats.count >= enough and stats.p95 is not None and stats.p95 > threshold.alert_threshold_ms


def _is_fast_again(stats: sql.TimingStats, threshold: Threshold) -> bool:
    return stats.p95 is not None and stats.p95 < alert_thresholds.CLEARED_BELOW * threshold.alert_threshold_ms


def _alert(settings: sql.RouteSettings, stats: sql.TimingStats) -> dict[str, object]:
    return {
        "alert_id": settings.alert_id,
        "method_path": stats.method_path,
        "p95": stats.p95,
        "alert_threshold_ms": stats.alert_threshold_ms,
        "count": stats.count,
        "at": stats.created_at,
    }
