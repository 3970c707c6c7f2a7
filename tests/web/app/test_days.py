"""The app computes the same days as the service."""

import json
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import NamedTuple

import pytest

from ninepanels import days

from ...support import node
from .test_code import APP

# Clock changes at midnight, by half an hour, across the date line, by two hours, during Ramadan, with odd offsets.
PECULIAR = """\
Africa/Cairo Africa/Casablanca Africa/Monrovia America/Asuncion America/Havana America/Sao_Paulo America/Santiago
America/Scoresbysund America/St_Johns Antarctica/Troll Asia/Amman Asia/Beirut Asia/Gaza Asia/Kathmandu Asia/Tehran
Australia/Lord_Howe Europe/Dublin Pacific/Apia Pacific/Chatham Pacific/Kiritimati Pacific/Kwajalein"""
ZONES = sorted({*PECULIAR.split(), *sorted(days.timezones() - {"Factory"})[::20]})
FIRST = datetime(1970, 1, 10, tzinfo=UTC)
# Node.js and browsers get new rules later than the package tzdata; they agree on the past.
LAST = datetime(2025, 12, 20, tzinfo=UTC)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
CODE = """\
import {{ dayOf, startOf }} from {module};
let text = "";
for await (const part of process.stdin) text += part;
const answers = JSON.parse(text).map(([timezone, day_starts_at, instant]) => {{
  const day = dayOf({{ timezone, day_starts_at }}, instant);
  return [day, startOf(day, {{ timezone, day_starts_at }})];
}});
console.log(JSON.stringify(answers));
"""


class Settings(NamedTuple):
    timezone: str
    day_starts_at: int


def clock_changes(timezone: str) -> Iterator[datetime]:
    """The instants at which the clocks of a zone change, to the second."""
    zone = days.zone(timezone)
    for number in range((LAST - FIRST) // WEEK):
        early = FIRST + number * WEEK
        late = early + WEEK
        before = early.astimezone(zone).utcoffset()
        if late.astimezone(zone).utcoffset() != before:
            while late - early > SECOND:
                middle = early + (late - early) // (2 * SECOND) * SECOND
                early, late = (middle, late) if middle.astimezone(zone).utcoffset() == before else (early, middle)
            yield late


def instants(settings: Settings) -> Iterator[datetime]:
    """Instants at which another day may begin, and the last second before them."""
    for change in (*[*clock_changes(settings.timezone)][-25:], LAST):
        around = days.day_of(change, settings)
        for day in (around, around + timedelta(days=1)):
            start = days.start_of(day, *settings)
            yield from (start - SECOND, start)
        yield from (change - SECOND, change)


@pytest.mark.usefixtures("packages")
def test_days_and_their_starts_are_those_of_the_service() -> None:
    settings = [Settings(timezone, number % 4) for number, timezone in enumerate(ZONES)]
    cases = [(own, instant) for own in settings for instant in instants(own)]
    question = json.dumps([(*own, instant.timestamp() * 1_000) for own, instant in cases])
    answers = json.loads(node.evaluate(CODE.format(module=json.dumps(str(APP / "days.js"))), APP, question))
    for (own, instant), (day, start) in zip(cases, answers, strict=True):
        expected = days.day_of(instant, own)
        begun = days.start_of(expected, *own).timestamp() * 1_000
        assert (own, instant, day, start) == (own, instant, expected.isoformat(), begun)
