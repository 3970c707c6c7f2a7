"""`days.py`: which day it is, for anybody, anywhere."""

from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninepanels import clock
from ninepanels import days
from ninepanels import exceptions


@dataclass(frozen=True)
class Somebody:
    timezone: str = "UTC"
    day_starts_at: int = 0


ZONES = [
    "UTC",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Pacific/Chatham",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Australia/Lord_Howe",
]

people = st.builds(Somebody, st.sampled_from(ZONES), st.integers(0, days.MAX_DAY_START))
instants = st.datetimes(datetime(2015, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
dates = st.dates(date(1990, 1, 1), date(2090, 12, 31))
histories = st.builds(lambda first, length: days.History(first, first + timedelta(length)), dates, st.integers(0, 200))
orders = st.sampled_from(["timestamp.asc", "timestamp.desc"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def all_of(history: days.History, sort_by: days.SortBy = "timestamp.asc") -> list[date]:
    return history.page(0, history.length, sort_by)


# --- The day of an instant ------------------------------------------------------------------------------------------


@given(instants, people)
def test_the_day_is_the_date_on_the_wall_or_until_the_hour_the_one_before(instant: datetime, whose: Somebody) -> None:
    wall = instant.astimezone(ZoneInfo(whose.timezone))
    expected = wall.date() if wall.hour >= whose.day_starts_at else wall.date() - timedelta(days=1)
    assert days.day_of(instant, whose) == expected


@given(instants, people, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_days_never_go_backwards(instant: datetime, whose: Somebody, later: timedelta) -> None:
    assert days.day_of(instant, whose) <= days.day_of(instant + later, whose)


@given(instants, people)
def test_a_quarter_of_an_hour_never_skips_a_day(instant: datetime, whose: Somebody) -> None:
    passed = days.day_of(instant + timedelta(minutes=15), whose) - days.day_of(instant, whose)
    assert passed in (timedelta(0), timedelta(days=1))


@given(instants, people, people)
def test_no_two_people_are_more_than_two_days_apart(instant: datetime, one: Somebody, other: Somebody) -> None:
    assert abs(days.day_of(instant, one) - days.day_of(instant, other)) <= timedelta(days=2)


@given(instants, people, st.sampled_from(ZONES))
def test_how_the_instant_is_written_down_makes_no_difference(instant: datetime, whose: Somebody, zone: str) -> None:
    assert days.day_of(instant.astimezone(ZoneInfo(zone)), whose) == days.day_of(instant, whose)


def test_the_day_begins_first_on_kiritimati() -> None:
    east = Somebody("Pacific/Kiritimati")
    assert days.day_of(at("2026-11-22T09:59:59Z"), east) == date(2026, 11, 22)
    assert days.day_of(at("2026-11-22T10:00:00Z"), east) == date(2026, 11, 23)


def test_the_day_begins_last_in_pago_pago() -> None:
    west = Somebody("Pacific/Pago_Pago")
    assert days.day_of(at("2026-11-23T10:59:59Z"), west) == date(2026, 11, 22)
    assert days.day_of(at("2026-11-23T11:00:00Z"), west) == date(2026, 11, 23)


def test_it_can_be_three_different_days_at_once() -> None:
    instant = at("2026-11-23T10:30:00Z")
    zones = ["Pacific/Pago_Pago", "UTC", "Pacific/Kiritimati"]
    assert [days.day_of(instant, Somebody(zone)).day for zone in zones] == [22, 23, 24]


def test_a_day_that_a_country_skipped_is_skipped() -> None:
    samoa = Somebody("Pacific/Apia")
    assert days.day_of(at("2011-12-30T09:59:59Z"), samoa) == date(2011, 12, 29)
    assert days.day_of(at("2011-12-30T10:00:00Z"), samoa) == date(2011, 12, 31)


@pytest.mark.parametrize(
    ("zone", "hour", "begins", "day"),
    [
        # 02:00 to 03:00 does not happen: a day that starts at 2 begins when the wall shows 3.
        ("Europe/Berlin", 0, "2026-03-28T23:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 1, "2026-03-29T00:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 2, "2026-03-29T01:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 3, "2026-03-29T01:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 4, "2026-03-29T02:00:00Z", "2026-03-29"),
        ("Europe/Berlin", 5, "2026-03-29T03:00:00Z", "2026-03-29"),
        # 02:00 to 03:00 happens twice: the day begins the first time.
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
def test_in_the_night_of_a_clock_change_the_day_begins_by_the_wall(zone: str, hour: int, begins: str, day: str) -> None:
    whose, beginning, expected = Somebody(zone, hour), at(begins), date.fromisoformat(day)
    assert days.day_of(beginning - timedelta(microseconds=1), whose) == expected - timedelta(days=1)
    assert days.day_of(beginning, whose) == expected


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
def test_leap_days_and_new_year_are_days_like_any_other(instant: str, hour: int, day: str) -> None:
    assert days.day_of(at(instant), Somebody(day_starts_at=hour)) == date.fromisoformat(day)


def test_today_is_the_day_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: at("2026-11-23T03:30:00Z"))
    assert days.today(Somebody("Europe/Berlin", 5)) == date(2026, 11, 22)


def test_every_zone_somebody_can_choose_has_a_day() -> None:
    instant = at("2026-11-23T12:00:00Z")
    seen = {days.day_of(instant, Somebody(zone)) for zone in days.timezones()}
    assert seen == {date(2026, 11, 23), date(2026, 11, 24)}


# --- The day to record ----------------------------------------------------------------------------------------------


@given(dates)
def test_a_tap_is_for_today_when_no_day_is_asked_for(today: date) -> None:
    assert days.day_to_record(None, today) == today


@given(dates, st.integers(0, 40_000))
def test_a_tap_can_be_for_today_or_any_day_before(today: date, ago: int) -> None:
    asked = today - timedelta(days=min(ago, today.toordinal() - 1))
    assert days.day_to_record(asked, today) == asked


@given(dates, st.integers(1, 40_000))
def test_a_tap_cannot_be_for_a_day_to_come(today: date, ahead: int) -> None:
    with pytest.raises(exceptions.DayInTheFuture):
        days.day_to_record(today + timedelta(days=ahead), today)


# --- The history ----------------------------------------------------------------------------------------------------


@given(dates, st.none() | dates, dates)
def test_a_history_ends_today_and_holds_at_least_that(created: date, first_entry: date | None, today: date) -> None:
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
def test_a_history_of_which_nothing_has_begun_where_the_user_is_now_is_today(first_entry: date | None) -> None:
    today = date(2026, 11, 23)
    assert days.history(date(2026, 11, 24), first_entry, today) == days.History(today, today)


@given(histories)
def test_a_history_is_as_long_as_its_days(history: days.History) -> None:
    whole = all_of(history)
    assert len(whole) == len(set(whole)) == history.length
    assert (whole[0], whole[-1]) == (history.first, history.last)


def test_a_leap_day_belongs_to_a_history() -> None:
    history = days.History(date(2028, 2, 28), date(2028, 3, 1))
    assert all_of(history) == [date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)]


@given(histories, st.integers(1, 300))
def test_the_latest_days_are_the_end_of_the_whole(history: days.History, number: int) -> None:
    assert all_of(history.latest(number)) == all_of(history)[-number:]


@given(histories)
def test_the_latest_days_without_a_number_are_the_whole(history: days.History) -> None:
    assert history.latest(None) == history


def test_the_latest_days_of_the_longest_history_stay_within_the_calendar() -> None:
    history = days.History(date.min, date.max)
    assert history.length == days.MAX_HISTORY_DAYS
    assert history.latest(days.MAX_HISTORY_DAYS) == history


# --- Pages ----------------------------------------------------------------------------------------------------------


@given(histories, st.integers(1, 50), orders)
def test_the_pages_make_up_the_whole(history: days.History, limit: int, sort_by: days.SortBy) -> None:
    pages = [history.page(offset, limit, sort_by) for offset in range(0, history.length, limit)]
    assert [day for page in pages for day in page] == all_of(history, sort_by)


@given(histories)
def test_oldest_first_is_newest_first_backwards(history: days.History) -> None:
    assert all_of(history, "timestamp.asc") == all_of(history, "timestamp.desc")[::-1]


@given(histories)
def test_oldest_first_is_in_the_order_of_the_calendar(history: days.History) -> None:
    whole = all_of(history)
    assert whole == sorted(whole)


@given(histories, st.integers(0, 300), st.integers(0, 300), orders)
def test_a_page_is_as_long_as_asked_or_as_there_is(
    history: days.History, offset: int, limit: int, sort_by: days.SortBy
) -> None:
    assert len(history.page(offset, limit, sort_by)) == max(0, min(limit, history.length - offset))


@given(histories, st.integers(0, 2**63), orders)
def test_a_page_past_the_end_is_empty(history: days.History, further: int, sort_by: days.SortBy) -> None:
    assert history.page(history.length + further, 100, sort_by) == []


# --- Padding and consistency ----------------------------------------------------------------------------------------


@given(histories, st.dictionaries(dates, st.integers()))
def test_padding_keeps_every_day_exactly_once_and_in_order(history: days.History, recorded: dict[date, int]) -> None:
    whole = all_of(history)
    assert [day for day, _ in days.pad(whole, recorded)] == whole


@given(histories, st.data())
def test_padding_fills_in_exactly_what_was_recorded(history: days.History, data: st.DataObject) -> None:
    whole = all_of(history)
    recorded = data.draw(st.dictionaries(st.sampled_from(whole), st.booleans()))
    assert {day: entry for day, entry in days.pad(whole, recorded) if entry is not None} == recorded


@given(st.integers(1, 100_000), st.data())
def test_consistency_is_a_share(panel_age: int, data: st.DataObject) -> None:
    days_complete = data.draw(st.integers(0, panel_age))
    share = days.consistency(days_complete, panel_age)
    assert 0.0 <= share <= 1.0
    assert round(share * panel_age) == days_complete


@given(st.integers(1, 100_000))
def test_nothing_done_is_zero_and_everything_done_is_one(panel_age: int) -> None:
    assert (days.consistency(0, panel_age), days.consistency(panel_age, panel_age)) == (0.0, 1.0)
