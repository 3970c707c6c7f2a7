"""The insights of `days.py`, against a model that looks at one day after the other."""

from collections.abc import Iterator
from datetime import date
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninepanels import days
from ninepanels.days import History

DAY = timedelta(days=1)

TODAY = date(2026, 11, 23)
spans = st.builds(
    lambda last, length: History(last - timedelta(length), last),
    st.dates(date(1995, 1, 1), date(2090, 12, 31)),
    st.integers(0, 800),
)


def every(span: History) -> Iterator[date]:
    day = span.first
    while day <= span.last:
        yield day
        day += DAY


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, list[date]]:
    """Draw a history and its done days: stretches of days that are done and not done, in turn."""
    span = draw(spans)
    lengths = draw(st.lists(st.integers(1, 40), max_size=30))
    is_done = [bool(number % 2) for number, length in enumerate(lengths) for _ in range(length)]
    return span, [day for day, done in zip(every(span), is_done, strict=False) if done]


def done_on(*november: int) -> list[date]:
    return [date(2026, 11, day) for day in november]


def run_of(first: int, last: int) -> History:
    return History(date(2026, 11, first), date(2026, 11, last))


@given(histories(), st.data())
def test_done_days_are_counted_in_any_part_of_a_history(
    history: tuple[History, list[date]], data: st.DataObject
) -> None:
    span, done = history
    part = span.latest(data.draw(st.integers(1, 900)))
    assert days.count(done, part) == len([day for day in every(part) if day in done])


def test_done_days_before_and_after_a_span_are_not_counted() -> None:
    assert days.count(done_on(1, 2, 9, 10, 20), run_of(2, 10)) == 3


@given(histories())
def test_the_runs_consist_of_all_done_days_and_cannot_be_longer(history: tuple[History, list[date]]) -> None:
    _, done = history
    runs = days.runs(done)
    assert [day for run in runs for day in every(run)] == done
    assert not [run for run in runs if run.first - DAY in done or run.last + DAY in done]


@given(histories())
def test_the_current_run_counts_back_from_today_or_yesterday(history: tuple[History, list[date]]) -> None:
    span, done = history
    day = span.last if span.last in done else span.last - DAY
    length = 0
    while day - length * DAY in done:
        length += 1
    current = days.current_run(days.runs(done), span.last)
    assert (current.length if current else 0) == length


@given(histories())
def test_no_run_is_longer_than_the_longest(history: tuple[History, list[date]]) -> None:
    _, done = history
    runs = days.runs(done)
    longest = days.longest_run(runs)
    assert longest == max(runs, key=lambda run: (run.length, run.first), default=None)


@pytest.mark.parametrize(
    ("done", "current", "longest"),
    [
        (done_on(), None, None),
        (done_on(23), run_of(23, 23), run_of(23, 23)),
        (done_on(21, 22, 23), run_of(21, 23), run_of(21, 23)),
        (done_on(20, 21, 22), run_of(20, 22), run_of(20, 22)),
        (done_on(19, 20, 21), None, run_of(19, 21)),
        (done_on(1, 2, 11, 12, 23), run_of(23, 23), run_of(11, 12)),
        (done_on(20, 21, 23), run_of(23, 23), run_of(20, 21)),
    ],
    ids=["never", "today", "until today", "until yesterday", "until the day before", "the latest of several", "a gap"],
)
def test_runs_of_november(done: list[date], current: History | None, longest: History | None) -> None:
    runs = days.runs(done)
    assert (days.current_run(runs, TODAY), days.longest_run(runs)) == (current, longest)


@given(spans)
def test_weekdays_and_months_make_up_a_span(span: History) -> None:
    whole = list(every(span))
    assert days.weekdays(span) == [len([day for day in whole if day.isoweekday() == number]) for number in range(1, 8)]
    months = days.months(span)
    assert [day for month in months for day in every(month)] == whole
    assert len(months) == len({(day.year, day.month) for day in whole})
    assert all((month.first.year, month.first.month) == (month.last.year, month.last.month) for month in months)


def test_a_run_goes_on_over_the_end_of_a_leap_february_and_of_a_year() -> None:
    done = [date(2027, 12, 31), date(2028, 1, 1), date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)]
    assert [run.length for run in days.runs(done)] == [2, 3]


def test_the_last_month_of_the_calendar_ends_with_its_last_day() -> None:
    december = History(date(9999, 12, 30), date.max)
    assert days.months(december) == [december]
