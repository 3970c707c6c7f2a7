"""`days.py` in all time zones: their rules, and the starts of days around clock changes.

CONTRACT.md, "The day": day D starts at the first instant at which clocks show D at the user's hour; if a clock change
skips it, at the first instant after that. The current day is the latest that has started.
"""

import struct
import zoneinfo
from collections.abc import Iterator
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from ninepanels import days

from .conftest import Clock
from .support.people import Person
from .test_days import User
from .test_days import at

HOURS = range(days.MAX_DAY_START + 1)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Change(NamedTuple):
    """A change of a zone's offset from UTC."""

    instant: datetime
    before: timedelta
    after: timedelta


def rules_of(zone: str) -> bytes:
    return resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()


@cache
def zones() -> list[str]:
    """One name of each time zone; other names of the same rules are left out."""
    return sorted({rules_of(zone): zone for zone in sorted(days.timezones(), reverse=True)}.values())


@cache
def changes_of(zone: str) -> list[Change]:
    """The changes of a zone from 1990 to 2037.

    Of changes at the same time of day between the same offsets, which most zones have each year, only the latest.
    """
    listed = [instant for instant in listed_changes_of(rules_of(zone)) if instant >= datetime(1990, 1, 1, tzinfo=UTC)]
    instants = [*listed, *repeated_changes_of(zone)]
    changes = [Change(instant, offset(zone, instant - TICK), offset(zone, instant)) for instant in instants]
    by_time = {(change.instant.time(), change.before, change.after): change for change in changes}
    return [change for change in by_time.values() if change.before != change.after]


def listed_changes_of(rules: bytes) -> list[datetime]:
    """Read the instants from the second block of a file, which has 64-bit times (RFC 9636)."""
    header = struct.Struct(">20x6l")
    utc, standard, leaps, times, types, letters = header.unpack_from(rules)
    second = header.size + times * 5 + types * 6 + letters + leaps * 8 + standard + utc
    *_, times, _, _ = header.unpack_from(rules, second)
    seconds = struct.unpack_from(f">{times}q", rules, second + header.size)
    return [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=each) for each in seconds]


def repeated_changes_of(zone: str) -> list[datetime]:
    """The changes of two years by the rule that follows the listed changes."""
    instants = [datetime(2036, 1, 1, tzinfo=UTC) + timedelta(days=3 * number) for number in range(245)]
    return [bisect(zone, *pair) for pair in pairwise(instants) if offset(zone, pair[0]) != offset(zone, pair[1])]


def offset(zone: str, instant: datetime) -> timedelta:
    found = instant.astimezone(days.zone(zone)).utcoffset()
    assert found is not None
    return found


def bisect(zone: str, low: datetime, high: datetime) -> datetime:
    before = offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
    return high


def days_around(change: Change) -> list[date]:
    shown = (change.instant + change.before).date()
    return [shown + timedelta(days=number) for number in range(-2, 4)]


# --- The rules ------------------------------------------------------------------------------------------------------


@pytest.fixture
def wrong_host(tmp_path: Path) -> Iterator[None]:
    """A host whose zone files all hold the rules of another zone."""
    for zone in days.timezones():
        file = tmp_path / "zoneinfo" / zone
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(rules_of("Pacific/Pago_Pago" if zone != "Pacific/Pago_Pago" else "Pacific/Kiritimati"))
    zoneinfo.reset_tzpath([tmp_path / "zoneinfo"])
    forget_zones()
    yield
    zoneinfo.reset_tzpath()
    forget_zones()


def forget_zones() -> None:
    ZoneInfo.clear_cache()
    days.zone.cache_clear()
    days._last_days.clear()


VANCOUVER = "America/Vancouver"
# Since 2026 clocks stay at UTC-7 there.
AFTER_MIDNIGHT = "2026-12-01T07:30:00Z"


def test_the_rules_are_those_of_the_locked_package() -> None:
    assert days.day_of(at(AFTER_MIDNIGHT), User(VANCOUVER)) == date(2026, 12, 1)


@pytest.mark.usefixtures("wrong_host")
def test_the_rules_of_the_host_change_no_zone() -> None:
    instants = [datetime(year, month, 1, tzinfo=UTC) for year in (1990, 2026, 2037) for month in (1, 7)]
    for name in days.timezones():
        with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
            locked = ZoneInfo.from_file(file)
        expected = [instant.astimezone(locked).replace(tzinfo=None) for instant in instants]
        assert [instant.astimezone(days.zone(name)).replace(tzinfo=None) for instant in instants] == expected, name


@pytest.mark.usefixtures("wrong_host")
def test_the_rules_of_the_host_change_no_users_day(wall_clock: Clock, client: TestClient) -> None:
    assert at(AFTER_MIDNIGHT).astimezone(ZoneInfo(VANCOUVER)).hour == 20, "the host's rules are in use"
    wall_clock.set(AFTER_MIDNIGHT)
    ada = Person.sign_up(client, "ada@example.com", timezone=VANCOUVER)
    assert ada.tap(ada.new_panel())["day"] == "2026-12-01"
    assert ada.get("/panels").json()["meta"]["day"] == "2026-12-01"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/ComodRivadavia", "Etc/GMT+12", "GB-Eire"])
def test_a_zone_has_its_name(zone: str) -> None:
    assert days.zone(zone).key == zone


# --- The starts of days, in all zones -------------------------------------------------------------------------------


def test_each_day_starts_when_clocks_first_show_its_hour() -> None:
    for zone in zones():
        for change in changes_of(zone):
            for day in days_around(change)[1:-1]:
                for hour in HOURS:
                    shown = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
                    with_old_offset, with_new_offset = shown - change.before, shown - change.after
                    skipped = max(with_new_offset, change.instant)
                    expected = with_old_offset if with_old_offset < change.instant else skipped
                    assert days.start_of(day, zone, hour) == expected, (zone, day, hour)


def test_each_day_has_one_start_and_later_days_start_no_earlier() -> None:
    for zone in zones():
        for change in changes_of(zone):
            for hour in HOURS:
                user = User(zone, hour)
                starts = {day: days.start_of(day, zone, hour) for day in days_around(change)}
                assert list(starts.values()) == sorted(starts.values()), (zone, hour)
                for day, start in starts.items():
                    assert days.day_of(start - TICK, user) < day <= days.day_of(start, user), (zone, hour, day)


def test_later_instants_never_have_earlier_days() -> None:
    for zone in zones():
        for change in changes_of(zone):
            quarters = [change.instant + number * HOUR / 4 for number in range(-5, 14)]
            for hour in HOURS:
                user = User(zone, hour)
                found = [days.day_of(instant, user) for quarter in quarters for instant in (quarter - TICK, quarter)]
                assert found == sorted(found), (zone, hour, change)


all_users = st.builds(User, st.sampled_from(sorted(days.timezones())), st.sampled_from(HOURS))
all_instants = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(all_instants, all_users)
def test_the_day_is_the_latest_that_has_started(instant: datetime, user: User) -> None:
    day = days.day_of(instant, user)
    assert days.start_of(day, user.timezone, user.day_starts_at) <= instant
    assert days.start_of(day + DAY, user.timezone, user.day_starts_at) > instant


@given(all_instants, all_users, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_the_order_in_which_days_are_looked_up_does_not_matter(instant: datetime, user: User, later: timedelta) -> None:
    first, second = days.day_of(instant, user), days.day_of(instant + later, user)
    days._last_days.clear()
    assert (days.day_of(instant + later, user), days.day_of(instant, user)) == (second, first)


# --- Known nights ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "hour", "day", "start"),
    [
        # 03:45 becomes 02:45: 03:00 is shown twice.
        ("Pacific/Chatham", 3, "2027-04-04", "2027-04-03T13:15:00Z"),
        ("Pacific/Chatham", 2, "2027-04-04", "2027-04-03T12:15:00Z"),
        ("Pacific/Chatham", 4, "2027-04-04", "2027-04-03T15:15:00Z"),
        # 02:45 becomes 03:45.
        ("Pacific/Chatham", 3, "2026-09-27", "2026-09-26T14:00:00Z"),
        # 01:00 becomes 00:00: midnight is shown twice.
        ("America/Havana", 0, "2025-11-02", "2025-11-02T04:00:00Z"),
        ("America/Havana", 1, "2025-11-02", "2025-11-02T06:00:00Z"),
        # Midnight becomes 01:00.
        ("America/Havana", 0, "2026-03-08", "2026-03-08T05:00:00Z"),
        ("Asia/Beirut", 0, "2027-03-28", "2027-03-27T22:00:00Z"),
        ("Asia/Beirut", 1, "2027-03-28", "2027-03-27T22:00:00Z"),
        # Midnight becomes 23:00 of the previous date, which the day before is shown for an hour longer.
        ("Asia/Beirut", 0, "2026-10-25", "2026-10-24T22:00:00Z"),
        # 00:01 becomes 23:01 of the previous date: the new day has started.
        ("America/St_Johns", 0, "2006-10-29", "2006-10-29T02:30:00Z"),
        ("America/St_Johns", 1, "2006-10-29", "2006-10-29T04:30:00Z"),
        # 00:01 becomes 01:01.
        ("America/St_Johns", 0, "2006-04-02", "2006-04-02T03:30:00Z"),
        ("America/St_Johns", 1, "2006-04-02", "2006-04-02T03:31:00Z"),
        # The date line moved: 30 December was skipped.
        ("Pacific/Apia", 0, "2011-12-29", "2011-12-29T10:00:00Z"),
        ("Pacific/Apia", 0, "2011-12-30", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", 0, "2011-12-31", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", 5, "2011-12-31", "2011-12-30T15:00:00Z"),
    ],
)
def test_a_day_starts_once_in_a_known_night(zone: str, hour: int, day: str, start: str) -> None:
    user, expected = User(zone, hour), date.fromisoformat(day)
    assert days.start_of(expected, zone, hour) == at(start)
    assert days.day_of(at(start) - TICK, user) < expected <= days.day_of(at(start), user)
    assert all(days.day_of(at(start) + number * HOUR / 4, user) >= expected for number in range(16))


def test_a_date_that_a_zone_skipped_is_never_the_current_day() -> None:
    instants = [at("2011-12-29T00:00:00Z") + number * HOUR for number in range(72)]
    shown = {days.day_of(instant, User("Pacific/Apia")) for instant in instants}
    assert {date(2011, 12, 29), date(2011, 12, 31)} <= shown
    assert date(2011, 12, 30) not in shown


def test_a_tap_can_be_taken_back_after_clocks_went_back(wall_clock: Clock, client: TestClient) -> None:
    wall_clock.set("2027-04-01T12:00:00Z")
    ada = Person.sign_up(client, "ada@example.com", timezone="Pacific/Chatham", day_starts_at=3)
    panel_id = ada.new_panel()
    wall_clock.set("2027-04-03T13:30:00Z")
    tapped = ada.tap(panel_id)
    assert tapped["day"] == "2027-04-04"
    for now in ("2027-04-03T13:45:00Z", "2027-04-03T14:05:00Z", "2027-04-03T14:15:00Z"):
        wall_clock.set(now)
        assert ada.tap(panel_id, is_complete=False)["id"] == tapped["id"]
        assert ada.tap(panel_id, "2027-04-04")["id"] == tapped["id"]
        assert ada.get("/panels").json()["meta"]["day"] == "2027-04-04"
