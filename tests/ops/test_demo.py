"""The generator of demo data: properties of each user, and statistics over many."""

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
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
panels = st.none() | st.integers(1, 9)
properties = settings(max_examples=50)


@properties
@given(seeds, lengths, instants, panels, st.booleans())
def test_the_same_seed_generates_the_same_users(
    seed: int, length: int, now: datetime, panels: int | None, every_day: bool
) -> None:
    twice = [list(demo.generate_people(seed, 3, length, now, panels=panels, every_day=every_day)) for _ in range(2)]
    assert twice[0] == twice[1]


@properties
@given(seeds, lengths, instants)
def test_a_user_does_not_depend_on_the_count(seed: int, length: int, now: datetime) -> None:
    assert list(demo.generate_people(seed, 5, length, now))[:2] == list(demo.generate_people(seed, 2, length, now))


@properties
@given(seeds, lengths, instants, instants)
def test_a_user_does_not_depend_on_the_current_time(seed: int, length: int, now: datetime, later: datetime) -> None:
    earlier_users, later_users = (
        [
            (person.email, person.name, person.timezone, person.day_starts_at, [panel.title for panel in person.panels])
            for person in demo.generate_people(seed, 3, length, instant)
        ]
        for instant in (now, later)
    )
    assert earlier_users == later_users


@properties
@given(seeds, lengths, instants)
def test_users_are_valid_sign_ups(seed: int, length: int, now: datetime) -> None:
    for person in demo.generate_people(seed, 3, length, now):
        fields = {"name": person.name, "timezone": person.timezone, "day_starts_at": person.day_starts_at}
        body = pyd.UserCreate(email=person.email, password=demo.PASSWORD, **fields)
        assert body.model_dump(exclude={"password"}) == {"email": person.email} | fields


@properties
@given(seeds, lengths, instants)
def test_users_have_one_to_nine_panels_with_distinct_valid_titles(seed: int, length: int, now: datetime) -> None:
    for person in demo.generate_people(seed, 3, length, now):
        titles = [panel.title for panel in person.panels]
        assert 1 <= len(set(titles)) == len(titles) <= 9
        assert [TypeAdapter(pyd.Title).validate_python(title) for title in titles] == titles


@properties
@given(seeds, lengths, instants, st.booleans())
def test_no_day_is_in_the_future_or_before_the_panel(seed: int, length: int, now: datetime, every_day: bool) -> None:
    for person in demo.generate_people(seed, 3, length, now, every_day=every_day):
        today = days.day_of(now, person)
        for panel in person.panels:
            first = days.day_of(panel.created_at, person)
            assert today - timedelta(days=length) < first
            assert all(first <= entry.day <= today for entry in panel.entries)


@properties
@given(seeds, lengths, instants, st.booleans())
def test_timestamps_are_in_order_on_the_right_day_and_not_in_the_future(
    seed: int, length: int, now: datetime, every_day: bool
) -> None:
    for person in demo.generate_people(seed, 3, length, now, every_day=every_day):
        for panel in person.panels:
            assert person.created_at <= panel.created_at <= now
            for entry in panel.entries:
                assert panel.created_at <= entry.timestamp <= person.last_activity <= now
                assert days.day_of(entry.timestamp, person) == entry.day


@properties
@given(seeds, lengths, instants, st.booleans())
def test_a_panel_has_at_most_one_entry_per_day(seed: int, length: int, now: datetime, every_day: bool) -> None:
    for person in demo.generate_people(seed, 3, length, now, every_day=every_day):
        for panel in person.panels:
            entry_days = [entry.day for entry in panel.entries]
            assert entry_days == sorted(set(entry_days))


@properties
@given(seeds, lengths, instants, st.integers(1, 9))
def test_with_every_day_each_panel_has_an_entry_for_each_day(
    seed: int, length: int, now: datetime, panels: int
) -> None:
    for person in demo.generate_people(seed, 3, length, now, panels=panels, every_day=True):
        assert len(person.panels) == panels
        today = days.day_of(now, person)
        all_days = [today - timedelta(days=ago) for ago in reversed(range(length))]
        assert all([entry.day for entry in panel.entries] == all_days for panel in person.panels)


def test_e_mails_are_unique_across_seeds() -> None:
    emails = [person.email for seed in range(20) for person in demo.generate_people(seed, 50, 1, NOON)]
    assert len(set(emails)) == len(emails)


@pytest.mark.parametrize(("title", "busy"), [("Read", range(5)), ("Run", range(5, 7)), ("Call home", range(6, 7))])
def test_habits_follow_their_weekdays(title: str, busy: range) -> None:
    weekdays = [day.weekday() for panel in generate_panels(300, 70) if panel.title == title for day in done(panel)]
    quiet = set(range(7)) - set(busy)
    assert min(map(weekdays.count, busy)) > 2 * max(map(weekdays.count, quiet))


def test_some_habits_fade_and_more_persist() -> None:
    halves = [(panel.entries[:50], panel.entries[50:]) for panel in generate_panels(100, 100, every_day=True)]
    counts = [(sum(e.is_complete for e in first), sum(e.is_complete for e in last)) for first, last in halves]
    changes = [last / first for first, last in counts if first > 25]
    faded, persisted = sum(change < 0.6 for change in changes), sum(change > 0.9 for change in changes)
    assert len(changes) / 20 < faded < persisted


def test_some_streaks_are_broken_by_a_pause() -> None:
    daily = {habit.title for habit in demo.HABITS if habit.week == demo.DAILY}
    panels = [panel for panel in generate_panels(100, 200, every_day=True) if panel.title in daily]
    # Only the first half of the history: later, a habit may have faded.
    pauses = [max(later - earlier for earlier, later in pairwise(done(panel)[:50])).days for panel in panels]
    assert 0.05 < sum(pause >= 15 for pause in pauses) / len(pauses) < 0.5


def test_a_few_entries_are_undone() -> None:
    completions = [entry.is_complete for panel in generate_panels(20, 100) for entry in panel.entries]
    assert 0 < completions.count(False) < len(completions) / 10


def generate_panels(people: int, length: int, *, every_day: bool = False) -> list[Panel]:
    return [
        panel
        for person in demo.generate_people(9, people, length, NOON, every_day=every_day)
        for panel in person.panels
    ]


def done(panel: Panel) -> list[date]:
    return [entry.day for entry in panel.entries if entry.is_complete]
