"""A user's current day, the days of a panel's history, and its consistency.

CONTRACT.md defines them in "The day".
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Literal
from typing import Protocol
from typing import TypeVar
from zoneinfo import ZoneInfo

from . import clock
from . import exceptions

MAX_DAY_START = 5
"""The latest hour at which a user's day can begin."""

MAX_HISTORY_DAYS = date.max.toordinal()
"""The number of days that `date` can represent."""

T = TypeVar("T")
SortBy = Literal["timestamp.desc", "timestamp.asc"]


@cache
def timezones() -> frozenset[str]:
    """Return all IANA zone names, from the tzdata package, so that they are the same on each machine."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


class DaySettings(Protocol):
    """A user's time zone and the hour at which their day begins."""

    @property
    def timezone(self) -> str:
        """An IANA name from `timezones()`."""

    @property
    def day_starts_at(self) -> int:
        """The hour, 0 to 5, at which the day begins; earlier hours belong to the previous day."""


def day_of(instant: datetime, settings: DaySettings) -> date:
    """Return the user's day that contains an aware instant.

    Python subtracts within a zone in wall-clock time, so a day begins when local clocks show that hour, also in the
    night of a clock change.
    """
    return (instant.astimezone(ZoneInfo(settings.timezone)) - timedelta(hours=settings.day_starts_at)).date()


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


def history(created: date, first_entry: date | None, today: date) -> History:
    """Return the days from a panel's creation, or its first entry if that is earlier, to today.

    After a change to a time zone further west, the latest entries can be on days that have not begun yet. The history
    includes these days when they begin.
    """
    return History(min(created, first_entry or created, today), today)


def consistency(days_complete: int, panel_age: int) -> float:
    """Return the share of complete days, from 0.0 to 1.0."""
    return days_complete / panel_age


def pad(days: Sequence[date], recorded: Mapping[date, T]) -> Iterator[tuple[date, T | None]]:
    """Pair each day with its record, or with None if it has none."""
    return zip(days, map(recorded.get, days), strict=True)
