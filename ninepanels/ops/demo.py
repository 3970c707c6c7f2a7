"""Imagines people who use Nine Panels: what they want to do each day, and what came of it.

The same seed imagines the same people. There is no database in here and no clock.
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
from zoneinfo import ZoneInfo

from .. import days
from .. import pydmodels as pyd
from ..crud.demo import Entry
from ..crud.demo import Panel
from ..crud.demo import Person

PASSWORD = "one tap a day"  # noqa: S105 - no secret: everybody imagined has it, and it is printed
"""The password of all of them."""

FIRST_NAMES = ("Ada", "Ben", "Chidi", "Emma", "Farah", "Hugo", "Ines", "Kenji", "Lea", "Mateo", "Priya", "Zoe")
LAST_NAMES = ("Baker", "Costa", "Díaz", "Fischer", "Kowalski", "Müller", "Okafor", "Patel", "Rossi", "Sato", "Walsh")
TIMEZONES = ("Africa/Lagos", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Tokyo", "Europe/Berlin", "Europe/London")
DAY_STARTS = (0, 0, 0, 0, 4)
"""Every fifth is a night owl."""

# How likely it is done, from Monday to Sunday, by somebody who is keen on it.
DAILY = (0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8)
WORKDAYS = (0.95, 0.95, 0.95, 0.95, 0.85, 0.15, 0.1)
WEEKENDS = (0.02, 0.02, 0.05, 0.02, 0.1, 0.85, 0.8)
EVERY_OTHER_DAY = (0.9, 0.1, 0.9, 0.1, 0.85, 0.2, 0.1)
SUNDAYS = (0.02, 0.02, 0.02, 0.02, 0.02, 0.15, 0.95)

TAKEN_BACK = 0.02
"""How often somebody taps what they did not do, and takes it back."""

GETTING_UP = 6
"""The hour; no clock is changed between it and bedtime."""

SECONDS_AWAKE = 17 * 3_600


class Habit(NamedTuple):
    """What somebody may want to do each day."""

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


class Rhythm(NamedTuple):
    """When somebody's days begin, as `days.DaySettings` has it."""

    timezone: str
    day_starts_at: int


class Day(NamedTuple):
    """A day of somebody's, and the instant at which they get up."""

    date: date
    begin: datetime


@dataclass(frozen=True)
class Course:
    """How keen somebody is on a habit, from its first day (0.0) to today (1.0), and when they pause."""

    at_first: float
    at_last: float
    pause: tuple[float, float]

    def keenness(self, share: float) -> float:
        """Return how keen they are after this share of the time: 0.0 to 1.0."""
        begin, end = self.pause
        return 0.0 if begin <= share < end else self.at_first + (self.at_last - self.at_first) * share


def people(
    seed: int, count: int, length: int, now: datetime, *, panels: int | None = None, every_day: bool = False
) -> Iterator[Person]:
    """Imagine people one by one: the first ten of a thousand are the ten of ten.

    Args:
        seed: who they are.
        count: how many.
        length: the days of the longest history, today included.
        now: nothing has happened later.
        panels: how many each has; None leaves one to nine to chance.
        every_day: everybody has been there for all these days, with an entry for each panel and day, done or not.
    """
    for number in range(1, count + 1):
        dice = random.Random(f"{seed}/{number}")  # noqa: S311 - the same people each time, not a secret
        name = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
        rhythm = Rhythm(dice.choice(TIMEZONES), dice.choice(DAY_STARTS))
        life = _life(rhythm, length if every_day else dice.randint((length + 1) // 2, length), now)
        habits = dice.sample(HABITS, panels or dice.randint(1, pyd.MAX_PANELS))
        kept = [_panel(dice, habit, life, now, every_day=every_day) for habit in habits]
        created_at = min(life[0].begin, now)
        yield Person(
            # Nobody else's, whatever the seed.
            email=f"{name[0].lower()}{number}@seed{seed}.example.com",
            name=" ".join(name),
            **rhythm._asdict(),
            created_at=created_at,
            last_activity=max((entry.timestamp for panel in kept for entry in panel.entries), default=created_at),
            panels=kept,
        )


def _life(rhythm: Rhythm, length: int, now: datetime) -> list[Day]:
    """Return somebody's latest days, the last one being the one it is for them."""
    today = days.day_of(now, rhythm)
    zone = ZoneInfo(rhythm.timezone)
    dates = (today - timedelta(days=ago) for ago in reversed(range(length)))
    return [
        Day(each, datetime(each.year, each.month, each.day, GETTING_UP, tzinfo=zone).astimezone(UTC)) for each in dates
    ]


def _panel(dice: random.Random, habit: Habit, life: Sequence[Day], now: datetime, *, every_day: bool) -> Panel:
    """Imagine a panel; two of three have been there since its owner came."""
    if not every_day and not dice.randrange(3):
        life = life[dice.randrange(len(life)) :]
    course = _course(dice)
    entries = []
    for number, (day, begin) in enumerate(life):
        is_complete = dice.random() < habit.week[day.weekday()] * course.keenness(number / len(life))
        if is_complete or every_day or dice.random() < TAKEN_BACK:
            tapped = begin + timedelta(seconds=int(dice.random() * SECONDS_AWAKE))
            # What has not happened yet today is left out, unless it has to be there.
            if tapped <= now or every_day:
                entries.append(Entry(day, is_complete, min(tapped, now)))
    return Panel(habit.title, habit.description, min(life[0].begin, now), entries)


def _course(dice: random.Random) -> Course:
    """Imagine what becomes of a habit: it stays, fades or grows, and most are interrupted at some time."""
    zeal = dice.uniform(0.7, 1.0)
    at_first, at_last = dice.choice(((zeal, zeal), (zeal, zeal), (zeal, zeal), (zeal, 0.05), (0.3, zeal)))
    pause = dice.random()
    return Course(at_first, at_last, (pause, pause + dice.uniform(0.0, 0.1)))
