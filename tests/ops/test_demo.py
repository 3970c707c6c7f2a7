"""The people that are imagined: laws that hold for each of them, and habits that show in many."""

from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ninepanels import days
from ninepanels import pydmodels as pyd
from ninepanels.crud.demo import Panel
from ninepanels.ops import demo

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

seeds = st.integers(0, 2**32)
lengths = st.integers(1, 60)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is beside it
panels = st.none() | st.integers(1, 9)
laws = settings(max_examples=50)


@laws
@given(seeds, lengths, instants, panels, st.booleans())
def test_the_same_seed_imagines_the_same_people(
    seed: int, length: int, now: datetime, panels: int | None, every_day: bool
) -> None:
    twice = [list(demo.people(seed, 3, length, now, panels=panels, every_day=every_day)) for _ in range(2)]
    assert twice[0] == twice[1]


@laws
@given(seeds, lengths, instants)
def test_how_many_are_imagined_changes_nobody(seed: int, length: int, now: datetime) -> None:
    assert list(demo.people(seed, 5, length, now))[:2] == list(demo.people(seed, 2, length, now))


@laws
@given(seeds, lengths, instants, instants)
def test_who_they_are_does_not_depend_on_the_day(seed: int, length: int, now: datetime, later: datetime) -> None:
    then, today = (
        [
            (person.email, person.name, person.timezone, person.day_starts_at, [panel.title for panel in person.panels])
            for person in demo.people(seed, 3, length, instant)
        ]
        for instant in (now, later)
    )
    assert then == today


@laws
@given(seeds, lengths, instants)
def test_a_sign_up_of_each_would_be_accepted(seed: int, length: int, now: datetime) -> None:
    for person in demo.people(seed, 3, length, now):
        fields = {"name": person.name, "timezone": person.timezone, "day_starts_at": person.day_starts_at}
        body = pyd.UserCreate(email=person.email, password=demo.PASSWORD, **fields)
        assert body.model_dump(exclude={"password"}) == {"email": person.email} | fields


@laws
@given(seeds, lengths, instants)
def test_each_has_one_to_nine_panels_of_different_titles_that_would_be_accepted(
    seed: int, length: int, now: datetime
) -> None:
    for person in demo.people(seed, 3, length, now):
        titles = [panel.title for panel in person.panels]
        assert 1 <= len(set(titles)) == len(titles) <= 9
        assert [TypeAdapter(pyd.Title).validate_python(title) for title in titles] == titles


@laws
@given(seeds, lengths, instants, st.booleans())
def test_no_day_is_in_the_future_and_none_is_before_the_panel(
    seed: int, length: int, now: datetime, every_day: bool
) -> None:
    for person in demo.people(seed, 3, length, now, every_day=every_day):
        today = days.day_of(now, person)
        for panel in person.panels:
            first = days.day_of(panel.created_at, person)
            assert today - timedelta(days=length) < first
            assert all(first <= entry.day <= today for entry in panel.entries)


@laws
@given(seeds, lengths, instants, st.booleans())
def test_everything_happens_in_its_order_on_its_day_and_not_in_the_future(
    seed: int, length: int, now: datetime, every_day: bool
) -> None:
    for person in demo.people(seed, 3, length, now, every_day=every_day):
        for panel in person.panels:
            assert person.created_at <= panel.created_at <= now
            for entry in panel.entries:
                assert panel.created_at <= entry.timestamp <= person.last_activity <= now
                assert days.day_of(entry.timestamp, person) == entry.day


@laws
@given(seeds, lengths, instants, st.booleans())
def test_a_panel_has_one_entry_a_day_at_most(seed: int, length: int, now: datetime, every_day: bool) -> None:
    for person in demo.people(seed, 3, length, now, every_day=every_day):
        for panel in person.panels:
            entry_days = [entry.day for entry in panel.entries]
            assert entry_days == sorted(set(entry_days))


@laws
@given(seeds, lengths, instants, st.integers(1, 9))
def test_where_it_is_wanted_each_panel_has_an_entry_every_day(
    seed: int, length: int, now: datetime, panels: int
) -> None:
    for person in demo.people(seed, 3, length, now, panels=panels, every_day=True):
        assert len(person.panels) == panels
        today = days.day_of(now, person)
        everyday = [today - timedelta(days=ago) for ago in reversed(range(length))]
        assert all([entry.day for entry in panel.entries] == everyday for panel in person.panels)


def test_no_two_people_share_an_e_mail_whatever_their_seeds() -> None:
    emails = [person.email for seed in range(20) for person in demo.people(seed, 50, 1, NOON)]
    assert len(set(emails)) == len(emails)


@pytest.mark.parametrize(("title", "busy"), [("Read", range(5)), ("Run", range(5, 7)), ("Call home", range(6, 7))])
def test_a_week_has_its_habits(title: str, busy: range) -> None:
    weekdays = [day.weekday() for panel in imagined_panels(300, 70) if panel.title == title for day in done(panel)]
    quiet = set(range(7)) - set(busy)
    assert min(map(weekdays.count, busy)) > 2 * max(map(weekdays.count, quiet))


def test_some_habits_fade_and_more_hold() -> None:
    halves = [(panel.entries[:50], panel.entries[50:]) for panel in imagined_panels(100, 100, every_day=True)]
    counts = [(sum(e.is_complete for e in first), sum(e.is_complete for e in last)) for first, last in halves]
    changes = [last / first for first, last in counts if first > 25]
    faded, held = sum(change < 0.6 for change in changes), sum(change > 0.9 for change in changes)
    assert len(changes) / 20 < faded < held


def test_some_streaks_are_broken_by_a_pause() -> None:
    daily = {habit.title for habit in demo.HABITS if habit.week == demo.DAILY}
    panels = [panel for panel in imagined_panels(100, 200, every_day=True) if panel.title in daily]
    # In the first half: later on a habit may have faded.
    pauses = [max(later - earlier for earlier, later in pairwise(done(panel)[:50])).days for panel in panels]
    assert 0.05 < sum(pause >= 15 for pause in pauses) / len(pauses) < 0.5


def test_now_and_then_a_tap_is_taken_back() -> None:
    taps = [entry.is_complete for panel in imagined_panels(20, 100) for entry in panel.entries]
    assert 0 < taps.count(False) < len(taps) / 10


def imagined_panels(people: int, length: int, *, every_day: bool = False) -> list[Panel]:
    return [panel for person in demo.people(9, people, length, NOON, every_day=every_day) for panel in person.panels]


def done(panel: Panel) -> list[date]:
    return [entry.day for entry in panel.entries if entry.is_complete]
