"""Queries that record taps.

Of two taps of a panel and day, the later one wins, regardless of the order in which they arrive. If both have the same
instant, the one that says done wins. A tap that does not win is not applied.

A tap that is applied sets the state and the instant of the entry, and raises the user's revision.
"""

from collections.abc import Sequence
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any
from typing import NamedTuple

from sqlalchemy import Boolean
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import literal_column
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import true
from sqlalchemy import tuple_
from sqlalchemy import update as sql_update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from .. import clock
from .. import days
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import tokens
from . import users
from .executor import INSERT
from .executor import PreparedStatement
from .executor import dialect
from .tokens import Bearer

MAX_ATTEMPTS = 10
"""The statement is repeated if another tap of the same entry is committed between its snapshot and its lock."""


class Tapped(NamedTuple):
    """The entry after a tap, and whether the tap was applied to it."""

    entry: pyd.Entry
    applied: bool


_ENTRIES = sql.Base.metadata.tables["entries"]
_DAY = bindparam("tap_day", type_=Date)
_IS_COMPLETE = bindparam("tap_is_complete", type_=Boolean)
_INSTANT = bindparam("tap_at", type_=sql.Instant)

# An entry with an instant after `latest` was recorded while the clock of the service was ahead.
_WINS = or_(
    bindparam("on_arrival", type_=Boolean),
    sql.Entry.id.is_(None),
    sql.Entry.timestamp > bindparam("latest", type_=sql.Instant),
    tuple_(_INSTANT, _IS_COMPLETE) > tuple_(sql.Entry.timestamp, sql.Entry.is_complete),
)
_SEEN = (
    select(
        sql.Panel.user_id,
        sql.Panel.id.label("panel_id"),
        sql.Entry.id,
        sql.Entry.is_complete,
        sql.Entry.timestamp,
        _WINS.label("wins"),
    )
    .select_from(sql.User)
    .join(sql.Panel, sql.Panel.user_id == sql.User.id)
    .outerjoin(
        sql.Entry,
        and_(sql.Entry.user_id == sql.Panel.user_id, sql.Entry.panel_id == sql.Panel.id, sql.Entry.day == _DAY),
    )
    .where(*tokens.VERIFIED, sql.Panel.id == bindparam("tap_panel_id"))
)
_COLUMNS = ["user_id", "panel_id", "day", "is_complete", "timestamp", "revision"]
_KEY = ["user_id", "panel_id", "day"]


def _replaced(insert: Any) -> dict[str, Any]:
    """Return the columns that an upsert replaces."""
    return {name: insert.excluded[name] for name in _COLUMNS if name not in _KEY}


def _record_on_postgresql() -> PreparedStatement:
    """Return the statement that records a tap.

    `seen` reads the panel and its entry without locks. `raised` locks the user; then `panel` locks the panel, so that
    it cannot be deleted before the foreign key is checked. Every transaction locks in this order. `written` writes the
    entry if the tap still wins: a later tap may have been committed since `seen`.
    """
    seen = _SEEN.cte("seen")
    raise_revision = sql_update(sql.User).where(sql.User.id == seen.c.user_id, seen.c.wins)
    raise_revision = raise_revision.values(revision=sql.User.revision + literal_column("1"))
    raised = raise_revision.returning(sql.User.revision).cte("raised")
    panel = (
        select(seen.c.user_id, seen.c.panel_id, _DAY, _IS_COMPLETE, _INSTANT, raised.c.revision)
        .select_from(seen)
        .join(raised, true())
        .join(sql.Panel, and_(sql.Panel.user_id == seen.c.user_id, sql.Panel.id == seen.c.panel_id))
        .with_for_update(read=True, key_share=True, of=sql.Panel)
    )
    write = postgresql.insert(_ENTRIES).from_select(_COLUMNS, panel)
    write = write.on_conflict_do_update(index_elements=_KEY, set_=_replaced(write), where=_WINS)
    written = write.returning(_ENTRIES.c.id).cte("written")
    query = select(seen.c.id, seen.c.is_complete, seen.c.timestamp, seen.c.wins, written.c.id.label("recorded_id"))
    return PreparedStatement("record_tap", query.select_from(seen).outerjoin(written, true()))


def _record_on_sqlite() -> Any:
    """Return the statement that records a tap, if it wins. The triggers below set the user's revision."""
    revision = sql.User.revision + literal_column("1")
    panel: Any = (
        select(sql.Panel.user_id, sql.Panel.id, _DAY, _IS_COMPLETE, _INSTANT, revision)
        .join(sql.User, sql.User.id == sql.Panel.user_id)
        .where(*tokens.VERIFIED, sql.Panel.id == bindparam("tap_panel_id"))
    )
    write = sqlite.insert(_ENTRIES).from_select(_COLUMNS, panel)
    write = write.on_conflict_do_update(index_elements=_KEY, set_=_replaced(write), where=_WINS)
    return write.returning(_ENTRIES.c.id)


_RECORD_ON_POSTGRESQL = _record_on_postgresql()
_RECORD_ON_SQLITE = _record_on_sqlite()

# SQLite cannot change two tables in one statement, but a statement can fire triggers. A temporary trigger exists only
# on its connection. These are created on connections for single statements, which change entries only in this module.
_SET_REVISION = "BEGIN UPDATE users SET revision = new.revision WHERE id = new.user_id; END"
_TRIGGERS_ON_SQLITE = [
    f"CREATE TEMP TRIGGER entry_inserted AFTER INSERT ON main.entries {_SET_REVISION}",
    f"CREATE TEMP TRIGGER entry_updated AFTER UPDATE ON main.entries {_SET_REVISION}",
]


def record(
    connection: Connection,
    bearer: Bearer,
    panel_id: int,
    day: date | None,
    *,
    is_complete: bool,
    tapped_at: datetime | None = None,
) -> Tapped:
    """Record a tap of a panel and day; the default day is today.

    A tap without `tapped_at` was made now and replaces any state that was recorded before.

    Raises:
        NotFound: the bearer has no such panel, or is not verified.
        DayInTheFuture: the day has not begun for the bearer.
    """
    now = clock.now()
    day = days.day_to_record(day, days.today(bearer))
    timestamp = _instant_of(tapped_at, now)
    parameters = {
        **bearer.parameters(),
        "tap_panel_id": panel_id,
        "tap_day": day,
        "tap_is_complete": is_complete,
        "tap_at": timestamp,
        "on_arrival": tapped_at is None,
        "latest": now + clock.MAX_SKEW,
    }
    execute = {"postgresql": _execute_on_postgresql, "sqlite": _execute_on_sqlite}[dialect(connection)]
    for _ in range(MAX_ATTEMPTS):
        recorded_id, seen = execute(connection, parameters)
        if recorded_id is not None:
            entry = pyd.Entry(id=recorded_id, panel_id=panel_id, is_complete=is_complete, day=day, timestamp=timestamp)
            return Tapped(entry, applied=True)
        if seen is None:
            raise exceptions.NotFound
        if not seen.wins:
            entry = pyd.Entry(
                id=seen.id, panel_id=panel_id, is_complete=seen.is_complete, day=day, timestamp=seen.timestamp
            )
            return Tapped(entry, applied=False)
    raise exceptions.DatabaseUnavailable(context_msg="too many concurrent changes of the same entry")


def _execute_on_postgresql(connection: Connection, parameters: dict[str, Any]) -> tuple[int | None, Any]:
    """Return the id of the entry if the tap was recorded, and what was seen of its panel and entry.

    A tap that wins is not recorded if another change of the entry was committed since the entry was seen.
    """
    seen = _RECORD_ON_POSTGRESQL.execute(connection, parameters).one_or_none()
    return None if seen is None else seen.recorded_id, seen


def _execute_on_sqlite(connection: Connection, parameters: dict[str, Any]) -> tuple[int | None, Any]:
    """As on PostgreSQL. The panel and its entry are read only if the tap was not recorded."""
    if "has_triggers" not in connection.info:
        for trigger in _TRIGGERS_ON_SQLITE:
            connection.exec_driver_sql(trigger)
        connection.info["has_triggers"] = True
    recorded_id = connection.scalar(_RECORD_ON_SQLITE, parameters)
    seen = None if recorded_id is not None else connection.execute(_SEEN, parameters).one_or_none()
    return recorded_id, seen


def _upsert(insert: Any) -> Any:
    upsert = insert.on_conflict_do_update(index_elements=_KEY, set_=_replaced(insert))
    return upsert.returning(_ENTRIES.c.id, _ENTRIES.c.panel_id, _ENTRIES.c.day)


_UPSERT = {name: _upsert(insert(_ENTRIES)) for name, insert in INSERT.items()}


class _Standing(NamedTuple):
    """The entry of a panel and day while the taps of a batch are applied to it. A new entry has no id yet."""

    entry_id: int | None
    is_complete: bool
    timestamp: datetime


_Key = tuple[int, date]


def record_all(session: Session, user_id: int, taps: Sequence[pyd.Tap], today: date) -> list[pyd.TapResult]:
    """Record taps, in their order, and return the result of each. A tap that is refused does not affect the others.

    The user is locked, so that no other transaction changes their panels or entries.

    Raises:
        NotAuthenticated: the user was deleted.
    """
    now = clock.now()
    users.lock(session, user_id)
    panel_ids = set(session.scalars(select(sql.Panel.id).where(sql.Panel.user_id == user_id)))
    refusals = [_refusal(tap, panel_ids, today) for tap in taps]
    accepted = [tap for tap, refusal in zip(taps, refusals, strict=True) if refusal is None]
    before = _read_standing(session, user_id, accepted)
    after = before.copy()
    applied = [refusal is None and _apply(tap, after, now) for tap, refusal in zip(taps, refusals, strict=True)]
    ids = _write(session, user_id, before, after)

    def entry_of(tap: pyd.Tap) -> pyd.Entry:
        key = tap.panel_id, tap.day
        is_complete, timestamp = after[key].is_complete, after[key].timestamp
        return pyd.Entry(id=ids[key], panel_id=tap.panel_id, is_complete=is_complete, day=tap.day, timestamp=timestamp)

    return [
        pyd.TapRefused(error=pyd.ErrorBody(detail=refusal.detail, code=refusal.code))
        if refusal
        else pyd.TapRecorded(applied=is_applied, entry=entry_of(tap))
        for tap, refusal, is_applied in zip(taps, refusals, applied, strict=True)
    ]


def _refusal(tap: pyd.Tap, panel_ids: set[int], today: date) -> exceptions.NinePanelsBaseException | None:
    if tap.panel_id not in panel_ids:
        return exceptions.NotFound()
    return exceptions.DayInTheFuture() if tap.day > today else None


def _read_standing(session: Session, user_id: int, taps: Sequence[pyd.Tap]) -> dict[_Key, _Standing]:
    days_of: dict[int, set[date]] = {}
    for tap in taps:
        days_of.setdefault(tap.panel_id, set()).add(tap.day)
    tapped = [and_(sql.Entry.panel_id == panel_id, sql.Entry.day.in_(each)) for panel_id, each in days_of.items()]
    if not tapped:
        return {}
    columns = _ENTRIES.c.panel_id, _ENTRIES.c.day, *(_ENTRIES.c[name] for name in ("id", *_Standing._fields[1:]))
    entries = select(*columns).where(sql.Entry.user_id == user_id, or_(*tapped))
    return {(panel_id, day): _Standing(*rest) for panel_id, day, *rest in session.connection().execute(entries)}


def _apply(tap: pyd.Tap, standing: dict[_Key, _Standing], now: datetime) -> bool:
    """Apply a tap, if it wins, and return whether it did. The rule is that of `_WINS`."""
    key = tap.panel_id, tap.day
    entry = standing.get(key)
    instant = _instant_of(tap.tapped_at, now)
    if entry is None:
        standing[key] = _Standing(None, tap.is_complete, instant)
        return True
    if (
        tap.tapped_at is not None
        and entry.timestamp <= now + clock.MAX_SKEW
        and (instant, tap.is_complete) <= (entry.timestamp, entry.is_complete)
    ):
        return False
    standing[key] = entry._replace(is_complete=tap.is_complete, timestamp=instant)
    return True


def _write(
    session: Session, user_id: int, before: dict[_Key, _Standing], after: dict[_Key, _Standing]
) -> dict[_Key, int]:
    """Write the entries that are new or changed, and return the ids of all entries in `after`.

    Each entry gets a revision of its own, so that pages of changes can end after any of them.
    """
    ids = {key: entry.entry_id for key, entry in before.items() if entry.entry_id is not None}
    changed = [(key, entry) for key, entry in after.items() if entry != before.get(key)]
    if changed:
        revision = users.raise_revision(session, user_id, by=len(changed)) - len(changed)
        rows = [
            {
                "user_id": user_id,
                "panel_id": panel_id,
                "day": day,
                "is_complete": entry.is_complete,
                "timestamp": entry.timestamp,
                "revision": revision + number,
            }
            for number, ((panel_id, day), entry) in enumerate(changed, start=1)
        ]
        written = session.connection().execute(_UPSERT[dialect(session)], rows)
        ids |= {(panel_id, day): entry_id for entry_id, panel_id, day in written}
    return ids


def _instant_of(tapped_at: datetime | None, now: datetime) -> datetime:
    return now if tapped_at is None else min(tapped_at, now).astimezone(UTC)
