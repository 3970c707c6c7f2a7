"""`days.py`: the day of a user in any time zone, histories and consistency."""

import time
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninepanels import clock
from ninepanels import days
from ninepanels import exceptions


@dataclass(frozen=True)
class User:
    timezone: str = "UTC"
    day_starts_at: int = 0


ZONES = sorted(days.timezones())

users = st.builds(User, st.sampled_from(ZONES), st.integers(0, days.MAX_DAY_START))
instants = st.datetimes(datetime(2015, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
dates = st.dates(date(1990, 1, 1), date(2090, 12, 31))
histories = st.builds(lambda first, length: days.History(first, first + timedelta(length)), dates, st.integers(0, 200))
orders = st.sampled_from(["timestamp.asc", "timestamp.desc"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def all_of(history: days.History, sort_by: days.SortBy = "timestamp.asc") -> list[date]:
    return history.page(0, history.length, sort_by)


# --- The day of an instant ------------------------------------------------------------------------------------------


@given(instants, users)
def test_hours_before_the_day_start_belong_to_the_previous_local_date(instant: datetime, user: User) -> None:
    # While clocks show times a second time, the day that started at the first time goes on.
    shown = [
        (instant - timedelta(minutes=15 * number)).astimezone(days.zone(user.timezone)).replace(tzinfo=None)
        for number in range(17)
    ]
    assert days.day_of(instant, user) == max((wall - timedelta(hours=user.day_starts_at)).date() for wall in shown)


@given(instants, users, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_days_never_go_backwards(instant: datetime, user: User, later: timedelta) -> None:
    assert days.day_of(instant, user) <= days.day_of(instant + later, user)


@given(instants, users)
def test_fifteen_minutes_never_skip_a_day(instant: datetime, user: User) -> None:
    passed = days.day_of(instant + timedelta(minutes=15), user) - days.day_of(instant, user)
    assert passed in (timedelta(0), timedelta(days=1))


@given(instants, users, users)
def test_the_dates_of_two_users_differ_by_at_most_two_days(instant: datetime, one: User, other: User) -> None:
    assert abs(days.day_of(instant, one) - days.day_of(instant, other)) <= timedelta(days=2)


@given(instants, users, st.sampled_from(ZONES))
def test_the_zone_of_the_instant_does_not_matter(instant: datetime, user: User, zone: str) -> None:
    assert days.day_of(instant.astimezone(days.zone(zone)), user) == days.day_of(instant, user)


def test_kiritimati_is_14_hours_ahead_of_utc() -> None:
    east = User("Pacific/Kiritimati")
    assert days.day_of(at("2026-11-22T09:59:59Z"), east) == date(2026, 11, 22)
    assert days.day_of(at("2026-11-22T10:00:00Z"), east) == date(2026, 11, 23)


def test_pago_pago_is_11_hours_behind_utc() -> None:
    west = User("Pacific/Pago_Pago")
    assert days.day_of(at("2026-11-23T10:59:59Z"), west) == date(2026, 11, 22)
    assert days.day_of(at("2026-11-23T11:00:00Z"), west) == date(2026, 11, 23)


def test_three_different_days_can_be_current_at_one_instant() -> None:
    instant = at("2026-11-23T10:30:00Z")
    zones = ["Pacific/Pago_Pago", "UTC", "Pacific/Kiritimati"]
    assert [days.day_of(instant, User(zone)).day for zone in zones] == [22, 23, 24]


def test_a_date_skipped_by_a_time_zone_is_skipped() -> None:
    samoa = User("Pacific/Apia")
    assert days.day_of(at("2011-12-30T09:59:59Z"), samoa) == date(2011, 12, 29)
    assert days.day_of(at("2011-12-30T10:00:00Z"), samoa) == date(2011, 12, 31)


@pytest.mark.parametrize(
    ("zone", "hour", "begins", "day"),
    [
        # 02:00 to 03:00 does not exist: a day that starts at 2 begins when clocks show 3.
        ("Europe/Berlin", 0, "2026-03-28T23:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 1, "2026-03-29T00:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 2, "2026-03-29T01:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 3, "2026-03-29T01:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 4, "2026-03-29T02:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 5, "2026-03-29T03:00:00Z", "2026-03-29"),
        # 02:00 to 03:00 happens twice: the day begins at the first time.
        ("Europe/Berlin", 0, "2026-10-24T22:00:00Z", "2026-10-25"),
        ("Europe/Berlin", 1, "2026-10-24T23:00:00Z", "2026-10-25"),
        ("Europe/Berlin", 2, "2026-10-25T00:00:00Z", "2026-10-25"),
        ("Europe/Berlin", 3, "2026-10-25T02:00:00Z", "2026-10-25"),
        ("Europe/Berlin", 4, "2026-10-25T03:00:00Z", "2026-10-25"),
        ("Europe/Berlin", 5, "2026-10-25T04:00:00Z", "2026-10-25"),
        ("America/New_York", 1, "2026-03-08T06:00:00Z", "2026-03-08"),
        ("America/New_York", 2, "2026-03-08T07:00:00Z", "2026-03-08"),
        ("America/New_York", 3, "2026-03-08T07:00:00Z", "2026-03-08"),
        ("America/New_York", 4, "2026-03-08T08:00:00Z", "2026-03-08"),
        ("America/New_York", 1, "2026-11-01T05:00:00Z", "2026-11-01"),
        ("America/New_York", 2, "2026-11-01T07:00:00Z", "2026-11-01"),
        ("America/New_York", 4, "2026-11-01T09:00:00Z", "2026-11-01"),
    ],
)
def test_in_the_night_of_a_clock_change_the_day_begins_by_local_time(
    zone: str, hour: int, begins: str, day: str
) -> None:
    user, beginning, expected = User(zone, hour), at(begins), date.fromisoformat(day)
    assert days.day_of(beginning - timedelta(microseconds=1), user) == expected - timedelta(days=1)
    assert days.day_of(beginning, user) == expected
    assert days.end_of_day(beginning - timedelta(microseconds=1), user) == beginning


@pytest.mark.parametrize(
    ("instant", "hour", "day"),
    [
        ("2028-02-29T00:00:00Z", 0, "2028-02-29"),
        ("2028-02-29T04:59:59Z", 5, "2028-02-28"),
        ("2028-03-01T04:59:59Z", 5, "2028-02-29"),
        ("2028-03-01T05:00:00Z", 5, "2028-03-01"),
        ("2027-03-01T04:59:59Z", 5, "2027-02-28"),
        ("2027-01-01T02:59:59Z", 3, "2026-12-31"),
    ],
)
def test_leap_days_and_new_year_are_ordinary_days(instant: str, hour: int, day: str) -> None:
    assert days.day_of(at(instant), User(day_starts_at=hour)) == date.fromisoformat(day)


def test_today_is_the_day_of_the_current_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: at("2026-11-23T03:30:00Z"))
    assert days.today(User("Europe/Berlin", 5)) == date(2026, 11, 22)


def test_the_time_zone_of_the_machine_does_not_matter() -> None:
    instant = at("2027-01-01T10:30:00Z")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Pacific/Pago_Pago")
        time.tzset()
        day = days.day_of(instant, User("Pacific/Kiritimati"))
    time.tzset()
    assert day == date(2027, 1, 2)


def test_every_supported_time_zone_has_a_day() -> None:
    instant = at("2026-11-23T12:00:00Z")
    seen = {days.day_of(instant, User(zone)) for zone in days.timezones()}
    assert seen == {date(2026, 11, 23), date(2026, 11, 24)}


# --- The day to record ----------------------------------------------------------------------------------------------


@given(dates)
def test_the_default_day_of_a_tap_is_today(today: date) -> None:
    assert days.day_to_record(None, today) == today


@given(dates, st.integers(0, 40_000))
def test_a_tap_can_be_for_today_or_any_past_day(today: date, ago: int) -> None:
    requested = today - timedelta(days=min(ago, today.toordinal() - 1))
    assert days.day_to_record(requested, today) == requested


@given(dates, st.integers(1, 40_000))
def test_a_tap_cannot_be_for_a_future_day(today: date, ahead: int) -> None:
    requested = today + timedelta(days=ahead)
    with pytest.raises(exceptions.DayInTheFuture) as refused:
        days.day_to_record(requested, today)
    assert refused.value.context_data == {"day": requested, "today": today}


# --- The history ----------------------------------------------------------------------------------------------------


@given(dates, st.none() | dates, dates)
def test_a_history_ends_today_and_is_never_empty(created: date, first_entry: date | None, today: date) -> None:
    history = days.history(created, first_entry, today)
    assert history.last == today
    assert history.length >= 1


@given(dates, st.none() | dates, dates)
def test_a_history_begins_with_the_creation_or_the_first_entry(
    created: date, first_entry: date | None, today: date
) -> None:
    begins = created if first_entry is None else min(created, first_entry)
    assert days.history(created, first_entry, today).first == min(begins, today)


def test_a_first_entry_before_the_creation_extends_the_history() -> None:
    history = days.history(date(2026, 11, 20), date(2026, 11, 1), date(2026, 11, 23))
    assert (history.first, history.length) == (date(2026, 11, 1), 23)


@pytest.mark.parametrize("first_entry", [None, date(2026, 11, 24), date(2026, 11, 25)])
def test_a_history_that_begins_in_the_future_is_today(first_entry: date | None) -> None:
    today = date(2026, 11, 23)
    assert days.history(date(2026, 11, 24), first_entry, today) == days.History(today, today)


@given(histories)
def test_the_length_of_a_history_is_its_number_of_days(history: days.History) -> None:
    whole = all_of(history)
    assert len(whole) == len(set(whole)) == history.length
    assert (whole[0], whole[-1]) == (history.first, history.last)


def test_a_history_includes_leap_days() -> None:
    history = days.History(date(2028, 2, 28), date(2028, 3, 1))
    assert all_of(history) == [date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)]


@given(histories, st.integers(1, 300))
def test_the_latest_days_are_the_end_of_the_history(history: days.History, number: int) -> None:
    assert all_of(history.latest(number)) == all_of(history)[-number:]


@given(histories)
def test_the_latest_days_without_a_number_are_the_whole_history(history: days.History) -> None:
    assert history.latest(None) == history


def test_the_longest_history_stays_within_the_calendar() -> None:
    history = days.History(date.min, date.max)
    assert history.length == days.MAX_HISTORY_DAYS
    assert history.latest(days.MAX_HISTORY_DAYS) == history


# --- Pages ----------------------------------------------------------------------------------------------------------


@given(histories, st.integers(1, 50), orders)
def test_the_pages_make_up_the_whole_history(history: days.History, limit: int, sort_by: days.SortBy) -> None:
    pages = [history.page(offset, limit, sort_by) for offset in range(0, history.length, limit)]
    assert [day for page in pages for day in page] == all_of(history, sort_by)


@given(histories)
def test_oldest_first_is_the_reverse_of_newest_first(history: days.History) -> None:
    assert all_of(history, "timestamp.asc") == all_of(history, "timestamp.desc")[::-1]


@given(histories)
def test_oldest_first_is_chronological(history: days.History) -> None:
    whole = all_of(history)
    assert whole == sorted(whole)


@given(histories, st.integers(0, 300), st.integers(0, 300), orders)
def test_a_page_has_at_most_limit_days(history: days.History, offset: int, limit: int, sort_by: days.SortBy) -> None:
    assert len(history.page(offset, limit, sort_by)) == max(0, min(limit, history.length - offset))


@given(histories, st.integers(0, 2**63), orders)
def test_a_page_past_the_end_is_empty(history: days.History, further: int, sort_by: days.SortBy) -> None:
    assert history.page(history.length + further, 100, sort_by) == []


# --- Padding and consistency ----------------------------------------------------------------------------------------


@given(histories, st.dictionaries(dates, st.integers()))
def test_padding_keeps_each_day_once_and_in_order(history: days.History, recorded: dict[date, int]) -> None:
    whole = all_of(history)
    assert [day for day, _ in days.pad(whole, recorded)] == whole


@given(histories, st.data())
def test_padding_keeps_exactly_the_recorded_entries(history: days.History, data: st.DataObject) -> None:
    whole = all_of(history)
    recorded = data.draw(st.dictionaries(st.sampled_from(whole), st.booleans()))
    assert {day: entry for day, entry in days.pad(whole, recorded) if entry is not None} == recorded


@given(st.integers(1, 100_000), st.data())
def test_consistency_is_between_zero_and_one(panel_age: int, data: st.DataObject) -> None:
    days_complete = data.draw(st.integers(0, panel_age))
    share = days.consistency(days_complete, panel_age)
    assert 0.0 <= share <= 1.0
    assert round(share * panel_age) == days_complete


@given(st.integers(1, 100_000))
def test_consistency_is_zero_if_no_day_is_complete_and_one_if_all_are(panel_age: int) -> None:
    assert (days.consistency(0, panel_age), days.consistency(panel_age, panel_age)) == (0.0, 1.0)
