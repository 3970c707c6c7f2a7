"""Generator of demo data: users, panels and entries that look like real use.

The same seed generates the same users. This module accesses neither the database nor the clock.
"""

import random
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import NamedTuple

from .. import days
from .. import pydmodels as pyd
from ..crud.demo import Entry
from ..crud.demo import Panel
from ..crud.demo import Person

PASSWORD = "one tap a day"  # noqa: S105 - not a secret: all demo users have it, and it is printed
"""The password of all demo users."""

FIRST_NAMES = ("Ada", "Ben", "Chidi", "Emma", "Farah", "Hugo", "Ines", "Kenji", "Lea", "Mateo", "Priya", "Zoe")
LAST_NAMES = ("Baker", "Costa", "Díaz", "Fischer", "Kowalski", "Müller", "Okafor", "Patel", "Rossi", "Sato", "Walsh")
TIMEZONES = ("Africa/Lagos", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Tokyo", "Europe/Berlin", "Europe/London")
DAY_STARTS = (0, 0, 0, 0, 4)
"""The day of one user in five starts at 04:00."""

# Probabilities that a habit is completed, from Monday to Sunday, at a commitment of 1.0.
DAILY = (0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8)
WORKDAYS = (0.95, 0.95, 0.95, 0.95, 0.85, 0.15, 0.1)
WEEKENDS = (0.02, 0.02, 0.05, 0.02, 0.1, 0.85, 0.8)
EVERY_OTHER_DAY = (0.9, 0.1, 0.9, 0.1, 0.85, 0.2, 0.1)
SUNDAYS = (0.02, 0.02, 0.02, 0.02, 0.02, 0.15, 0.95)

UNDO_PROBABILITY = 0.02
"""The probability that an uncompleted day has an entry that was recorded and undone."""

WAKING_HOUR = 6
"""No time zone changes its offset between this hour and the end of the waking time."""

WAKING_SECONDS = 17 * 3_600


class Habit(NamedTuple):
    """A panel template with the completion probabilities of each weekday."""

    title: str
    description: str | None
    week: Sequence[float]


HABITS = (
    Habit("Read", "Ten pages, on the train", WORKDAYS),
    Habit("Run", "Round the lake", WEEKENDS),
    Habit("Meditate", "Ten minutes before breakfast", DAILY),
    Habit("Stretch", None, DAILY),
    Habit("Write", "Two hundred words, good or bad", WORKDAYS),
    Habit("Gym", "Push, pull, legs", EVERY_OTHER_DAY),
    Habit("Cook", "Something with vegetables", DAILY),
    Habit("Call home", None, SUNDAYS),
    Habit("Spanish", "One lesson", WORKDAYS),
    Habit("Piano", "Scales first", EVERY_OTHER_DAY),
    Habit("Walk to work", None, WORKDAYS),
    Habit("No phone in bed", None, DAILY),
    Habit("Asleep by eleven", None, WORKDAYS),
    Habit("Draw", "Anything that holds still", WEEKENDS),
    Habit("Water the plants", None, EVERY_OTHER_DAY),
    Habit("Long ride", "Fifty kilometres or more", WEEKENDS),
    Habit("Journal", "Three lines", DAILY),
    Habit("Tidy up", "Ten minutes, with a timer", DAILY),
    Habit("Plan the week", None, SUNDAYS),
    Habit("Drink water", "Two litres", DAILY),
)


class DaySettings(NamedTuple):
    """The settings that determine a user's days, as `days.DaySettings` requires."""

    timezone: str
    day_starts_at: int


class Day(NamedTuple):
    """A user's day and the instant at which its waking time begins."""

    date: date
    begin: datetime


@dataclass(frozen=True)
class Trend:
    """The commitment to a habit over the history of its panel. Positions are 0.0 on the first day and 1.0 today."""

    start: float
    end: float
    pause: tuple[float, float]

    def commitment(self, position: float) -> float:
        """Return the commitment at a position: 0.0 to 1.0, and 0.0 during the pause."""
        begin, end = self.pause
        return 0.0 if begin <= position < end else self.start + (self.end - self.start) * position


def generate_people(
    seed: int, count: int, length: int, now: datetime, *, panels: int | None = None, every_day: bool = False
) -> Iterator[Person]:
    """Generate demo users one by one. User n is the same for every `count`.

    Args:
        seed: the seed of the random generator.
        count: the number of users.
        length: the days of the longest history, including today.
        now: the end of all histories.
        panels: the number of panels per user, by default random from one to nine.
        every_day: all histories have the full length and an entry, complete or not, for each panel and day.
    """
    for number in range(1, count + 1):
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - reproducible, not a secret
        name = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        settings = DaySettings(rng.choice(TIMEZONES), rng.choice(DAY_STARTS))
        history = _history(settings, length if every_day else rng.randint((length + 1) // 2, length), now)
        habits = rng.sample(HABITS, panels or rng.randint(1, pyd.MAX_PANELS))
        generated = [_panel(rng, habit, history, now, every_day=every_day) for habit in habits]
        created_at = min(history[0].begin, now)
        yield Person(
            # Unique across all seeds.
            email=f"{name[0].lower()}{number}@seed{seed}.example.com",
            name=" ".join(name),
            **settings._asdict(),
            created_at=created_at,
            last_activity=max((entry.timestamp for panel in generated for entry in panel.entries), default=created_at),
            panels=generated,
        )


def _history(settings: DaySettings, length: int, now: datetime) -> list[Day]:
    """Return a user's latest days up to today."""
    today = days.day_of(now, settings)
    zone = days.zone(settings.timezone)
    dates = (today - timedelta(days=ago) for ago in reversed(range(length)))
    return [
        Day(each, datetime(each.year, each.month, each.day, WAKING_HOUR, tzinfo=zone).astimezone(UTC)) for each in dates
    ]


def _panel(rng: random.Random, habit: Habit, history: Sequence[Day], now: datetime, *, every_day: bool) -> Panel:
    """Generate a panel. It starts on the user's first day, or with a probability of 1/3 on a random later day."""
    if not every_day and not rng.randrange(3):
        history = history[rng.randrange(len(history)) :]
    trend = _trend(rng)
    entries = []
    for number, (day, begin) in enumerate(history):
        is_complete = rng.random() < habit.week[day.weekday()] * trend.commitment(number / len(history))
        if is_complete or every_day or rng.random() < UNDO_PROBABILITY:
            recorded_at = begin + timedelta(seconds=int(rng.random() * WAKING_SECONDS))
            # An entry later than `now` is omitted, or moved to `now` if every day needs one.
            if recorded_at <= now or every_day:
                entries.append(Entry(day, is_complete, min(recorded_at, now)))
    return Panel(habit.title, habit.description, min(history[0].begin, now), history[0].date, entries)


def _trend(rng: random.Random) -> Trend:
    """Generate a trend: constant, fading or growing, with a pause of up to a tenth of the history."""
    high = rng.uniform(0.7, 1.0)
    start, end = rng.choice(((high, high), (high, high), (high, high), (high, 0.05), (0.3, high)))
    pause = rng.random()
    return Trend(start, end, (pause, pause + rng.uniform(0.0, 0.1)))
