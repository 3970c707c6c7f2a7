"""The day: which day it is for a user, which days a history holds, and how consistent they were.

The definitions are those of "The day" in CONTRACT.md.
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
"""The last hour at which a user's day may begin."""

MAX_HISTORY_DAYS = date.max.toordinal()
"""Days; no history can be longer, for no date can be later."""

T = TypeVar("T")
SortBy = Literal["timestamp.desc", "timestamp.asc"]


@cache
def timezones() -> frozenset[str]:
    """Return every IANA zone name, from the tzdata package so that each machine knows the same ones."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


class DaySettings(Protocol):
    """Somebody who lives by a day of their own."""

    @property
    def timezone(self) -> str:
        """An IANA name out of `timezones()`."""

    @property
    def day_starts_at(self) -> int:
        """Hours after midnight, 0 to 5, until which the day before goes on."""


def day_of(instant: datetime, whose: DaySettings) -> date:
    """Return the day an aware instant belongs to for a user.

    The subtraction is one of wall-clock time (Python's within one zone), so a day begins when the
    clock on the wall shows that hour, in the nights of a clock change as well.
    """
    return (instant.astimezone(ZoneInfo(whose.timezone)) - timedelta(hours=whose.day_starts_at)).date()


def today(whose: DaySettings) -> date:
    """Return the day it is for a user now."""
    return day_of(clock.now(), whose)


def day_to_record(asked: date | None, today: date) -> date:
    """Return the day a tap is for: the one asked for, else today.

    Raises:
        DayInTheFuture: the day asked for has not begun for this user.
    """
    if asked is not None and asked > today:
        raise exceptions.DayInTheFuture(day=asked, today=today)
    return asked or today


@dataclass(frozen=True)
class History:
    """The days of a panel's life, both ends included; never empty."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    def latest(self, days: int | None) -> "History":
        """Return the last `days` days of it, or all of it when it is shorter or `days` is None."""
        if days is None or days >= self.length:
            return self
        return History(self.last - timedelta(days=days - 1), self.last)

    def page(self, offset: int, limit: int, sort_by: SortBy) -> list[date]:
        """Return up to `limit` days after the first `offset` ones, in the order asked for."""
        ordinals = range(self.first.toordinal(), self.last.toordinal() + 1)
        in_order = ordinals[::-1] if sort_by == "timestamp.desc" else ordinals
        return list(map(date.fromordinal, in_order[offset : offset + limit]))


def history(created: date, first_entry: date | None, today: date) -> History:
    """Return the days from the earlier of a panel's creation and its first entry to today.

    A user who travelled west may have entries on days that have not begun where they are now; those days
    come back when they begin.
    """
    return History(min(created, first_entry or created, today), today)


def consistency(days_complete: int, panel_age: int) -> float:
    """Return the share of days done: `days_complete / panel_age`, from 0.0 to 1.0."""
    return days_complete / panel_age


def pad(days: Sequence[date], recorded: Mapping[date, T]) -> Iterator[tuple[date, T | None]]:
    """Pair every day with what was recorded on it, None where nothing was."""
    return zip(days, map(recorded.get, days), strict=True)
