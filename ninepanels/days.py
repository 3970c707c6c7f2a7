"""A user's current day, the days of a panel's history, its consistency, and insights into it.

CONTRACT.md defines them in "The day" and "Insight".
"""

from bisect import bisect_left
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Literal
from typing import NamedTuple
from typing import Protocol
from typing import TypeVar
from zoneinfo import ZoneInfo

from . import clock
from . import exceptions

MAX_DAY_START = 5
"""The latest hour at which a user's day can begin."""

EARLIEST_DAY = date(1970, 1, 1)
"""The earliest day that can be recorded."""

MAX_HISTORY_DAYS = date.max.toordinal()
"""The number of days that `date` can represent."""

T = TypeVar("T")
SortBy = Literal["timestamp.desc", "timestamp.asc"]


@cache
def timezones() -> frozenset[str]:
    """Return all IANA zone names, from the tzdata package, so that they are the same on each machine."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone with the rules of the tzdata package; those of the host may be older."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


class DaySettings(Protocol):
    """A user's time zone and the hour at which their day begins."""

    @property
    def timezone(self) -> str:
        """An IANA name from `timezones()`."""

    @property
    def day_starts_at(self) -> int:
        """The hour, 0 to 5, at which the day begins; earlier hours belong to the previous day."""


class _Day(NamedTuple):
    date: date
    start: datetime
    end: datetime


# The last result per time zone and hour: nearly all instants are in the same day as the one before.
_last_days: dict[tuple[str, int], _Day] = {}


def day_of(instant: datetime, settings: DaySettings) -> date:
    """Return the user's day that contains an aware instant: the latest day that has started by then."""
    return _day(instant, settings).date


def end_of_day(instant: datetime, settings: DaySettings) -> datetime:
    """Return the instant at which the user's next day starts."""
    return _day(instant, settings).end


def start_of(day: date, timezone: str, hour: int) -> datetime:
    """Return the first instant at which the clocks of a time zone show an hour of a day, in UTC.

    If a clock change skips that hour, return the first instant after it. So each day has one start, and a later day
    never starts before an earlier one.
    """
    wall = datetime(day.year, day.month, day.day, hour, tzinfo=zone(timezone))
    # With fold=0, Python takes the earlier of two instants. For skipped times it uses the offset before the change.
    start = wall.astimezone(UTC)
    if _shows(start, wall):
        return start
    before = start - timedelta(days=1)
    while start - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(start - before) // timedelta(seconds=2))
        before, start = (before, middle) if _shows(middle, wall, or_later=True) else (middle, start)
    return start


def _day(instant: datetime, settings: DaySettings) -> _Day:
    key = settings.timezone, settings.day_starts_at
    day = _last_days.get(key)
    if day is None or not day.start <= instant < day.end:
        day = _last_days[key] = _find_day(instant, *key)
    return day


def _find_day(instant: datetime, timezone: str, hour: int) -> _Day:
    # When clocks go back across midnight, the next day has started while they show the previous one again.
    day = instant.astimezone(zone(timezone)).date() + timedelta(days=1)
    while start_of(day, timezone, hour) > instant:
        day -= timedelta(days=1)
    return _Day(day, start_of(day, timezone, hour), start_of(day + timedelta(days=1), timezone, hour))


def _shows(instant: datetime, wall: datetime, *, or_later: bool = False) -> bool:
    """Return whether clocks show a wall time, or a later one, at an instant."""
    shown = instant.astimezone(wall.tzinfo).replace(tzinfo=None)
    wanted = wall.replace(tzinfo=None)
    return shown >= wanted if or_later else shown == wanted


def today(settings: DaySettings) -> date:
    """Return the user's current day."""
    return day_of(clock.now(), settings)


def day_to_record(requested: date | None, today: date) -> date:
    """Return the day of a tap: the requested day, or today by default.

    Raises:
        DayInTheFuture: the requested day has not begun for the user.
    """
    if requested is not None and requested > today:
        raise exceptions.DayInTheFuture(day=requested, today=today)
    return requested or today


@dataclass(frozen=True)
class History:
    """The days of a panel, from `first` to `last` inclusive; never empty."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    def latest(self, days: int | None) -> "History":
        """Return the last `days` days, or the whole history if it is shorter or `days` is None."""
        if days is None or days >= self.length:
            return self
        return History(self.last - timedelta(days=days - 1), self.last)

    def page(self, offset: int, limit: int, sort_by: SortBy) -> list[date]:
        """Return up to `limit` days after the first `offset` days, in the given order."""
        ordinals = range(self.first.toordinal(), self.last.toordinal() + 1)
        in_order = ordinals[::-1] if sort_by == "timestamp.desc" else ordinals
        return list(map(date.fromordinal, in_order[offset : offset + limit]))


def history(first_day: date, first_complete_day: date | None, today: date) -> History:
    """Return the days from a panel's first day, or its first complete day if that is earlier, to today.

    After a change to a time zone further west, the first day can be after today. The history then begins today.
    """
    return History(min(first_day, first_complete_day or first_day, today), today)


def consistency(days_complete: int, panel_age: int) -> float:
    """Return the share of complete days, from 0.0 to 1.0."""
    return days_complete / panel_age


def count(done: Sequence[date], span: History) -> int:
    """Return how many of the done days, the oldest of which comes first, are in a span."""
    return bisect_right(done, span.last) - bisect_left(done, span.first)


def runs(done: Sequence[date]) -> list[History]:
    """Return the runs of done days: consecutive days, as many as possible. The oldest comes first, as in `done`."""
    gaps = [(end, start) for end, start in pairwise(done) if (start - end).days > 1]
    starts = [*done[:1], *(start for _, start in gaps)]
    ends = [*(end for end, _ in gaps), *done[-1:]]
    return list(map(History, starts, ends))


def current_run(runs: Sequence[History], today: date) -> History | None:
    """Return the run that ends today or yesterday. Today is not over: a day that is not done yet ends no run."""
    return runs[-1] if runs and (today - runs[-1].last).days <= 1 else None


def longest_run(runs: Sequence[History]) -> History | None:
    """Return the longest run; the latest one if several have that length."""
    return max(reversed(runs), key=lambda run: run.length, default=None)


def weekdays(span: History) -> list[int]:
    """Return how many Mondays to Sundays are in a span: one of each per full week, and those of the days that remain.

    The order and the numbers from 1 to 7 are those of ISO 8601.
    """
    weeks, remaining = divmod(span.length, 7)
    first = span.first.weekday()
    return [weeks + ((weekday - first) % 7 < remaining) for weekday in range(7)]


def months(span: History) -> list[History]:
    """Return the calendar months of a span. The first and the last can be incomplete."""
    parts = []
    for year in range(span.first.year, span.last.year + 1):
        for month in range(1, 13):
            first = max(date(year, month, 1), span.first)
            last = min(date(year, month, monthrange(year, month)[1]), span.last)
            if first <= last:
                parts.append(History(first, last))
    return parts


def pad(days: Sequence[date], recorded: Mapping[date, T]) -> Iterator[tuple[date, T | None]]:
    """Pair each day with its record, or with None if it has none."""
    return zip(days, map(recorded.get, days), strict=True)
