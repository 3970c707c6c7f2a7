"""Queries on the statistics of routes and on their settings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import Double
from sqlalchemy import Row
from sqlalchemy import Select
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm import aliased

from .. import sqlmodels as sql
from . import timings
from .executor import Executor
from .executor import insert


def lock_settings(session: Session, method_path: str) -> sql.RouteSettings:
    """Get or create the settings of a route, and lock them until the transaction ends."""
    query = select(sql.RouteSettings).where(sql.RouteSettings.method_path == method_path).with_for_update()
    settings = session.scalar(query)
    if settings is None:
        defaults = insert(session, sql.RouteSettings).values(method_path=method_path, in_alert=False)
        session.execute(defaults.on_conflict_do_nothing())
        settings = session.scalars(query).one()
    return settings


def change_settings(session: Session, method_path: str, changes: dict[str, Any]) -> None:
    """Set the columns in `changes` of a route's settings; create the settings if they do not exist."""
    values = {"method_path": method_path, "in_alert": False} | changes
    upsert = insert(session, sql.RouteSettings).values(values)
    session.execute(upsert.on_conflict_do_update(index_elements=["method_path"], set_=changes))


def _statistics() -> Select[Any]:
    readings = timings.WINDOW.subquery()
    newest_first = readings.c.created_at.desc(), readings.c.event_id.desc()
    ranked = select(
        readings.c.diff_ms,
        func.row_number().over(order_by=newest_first).label("age"),
        (func.row_number().over(order_by=readings.c.diff_ms) - 1).label("rank"),
        (func.count().over() - 1).label("highest_rank"),
    ).subquery()
    ms = ranked.c.diff_ms

    def percentile(share: float) -> ColumnElement[float]:
        # Linear interpolation between the two closest ranks, as in NumPy and PostgreSQL's percentile_cont, which
        # SQLite lacks. The weight of a reading is 1 minus the distance of its rank, and 0 from a distance of 1.
        distance = func.abs(ranked.c.rank - literal(share, Double) * ranked.c.highest_rank)
        return func.sum(case((distance < 1, ms * (1 - distance)), else_=0.0))

    return select(
        func.count().label("count"),
        func.avg(ms).label("avg"),
        percentile(0.50).label("p50"),
        percentile(0.95).label("p95"),
        percentile(0.99).label("p99"),
        func.min(ms).label("min"),
        func.max(ms).label("max"),
        func.max(case((ranked.c.age == 1, ms))).label("last"),
    ).select_from(ranked)


_STATISTICS = _statistics()


def compute(session: Session, method_path: str, window_size: int) -> Row[*tuple[Any, ...]]:
    """Return count, avg, p50, p95, p99, min, max and last (ms) of a route's latest timings; None without timings."""
    return session.execute(_STATISTICS, {"method_path": method_path, "window_size": window_size}).one()


def read_latest(executor: Executor) -> Sequence[Row[Any]]:
    """Return the latest statistics of each route that was called, ordered by `method_path`."""
    earlier = aliased(sql.TimingStats)
    of_route = earlier.method_path == sql.RouteSettings.method_path, earlier.count > 0
    # A correlated subquery is fast here: there are few routes, and the index yields the latest id of each directly.
    latest = select(func.max(earlier.id)).where(*of_route).scalar_subquery()
    return executor.execute(
        select(*sql.TimingStats.__table__.columns)
        .select_from(sql.TimingStats)
        .join(sql.RouteSettings, sql.TimingStats.id == latest)
        .order_by(sql.TimingStats.method_path)
    ).all()
