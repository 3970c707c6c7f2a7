"""The law of taps: whatever the order in which three devices send theirs, all end with the days of a model."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from itertools import count
from itertools import groupby
from typing import Any

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEVICES, PANELS, DAYS = range(3), range(2), range(1)
Key = tuple[int, str]


@dataclass(frozen=True)
class Arrival:
    """A request with a tap, perhaps a repeated one. Times are in minutes after START, few, so that some are equal."""

    device: int
    panel: int
    day: int
    is_complete: bool
    tapped_at: int
    arrived_at: int
    in_batch: bool


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """Taps of devices with wrong clocks, each sent once to three times, at any time after it was made."""
    days = st.integers(-1, 1).map(lambda days: days * 24 * 60)
    ahead = [draw(days) + draw(st.integers(-1, 1)) for _ in DEVICES]
    drawn = []
    for _ in range(draw(st.integers(1, 8))):
        device, made_at = draw(st.sampled_from(DEVICES)), draw(st.integers(0, 2))
        panel, day, is_complete = draw(st.sampled_from(PANELS)), draw(st.sampled_from(DAYS)), draw(st.booleans())
        for delay in draw(st.lists(st.integers(0, 4), min_size=1, max_size=3)):
            at = made_at + ahead[device], made_at + delay
            drawn.append(Arrival(device, panel, day, is_complete, *at, in_batch=draw(st.booleans())))
    return sorted(draw(st.permutations(drawn)), key=lambda arrival: arrival.arrived_at)


def instant(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


class Device:
    """The copy of a history that a device keeps by reading changes."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.since: int | None = None
        self.days: dict[Key, bool] = {}

    def read(self) -> None:
        more = True
        while more:
            changes = data(self.person.get("/changes", **({} if self.since is None else {"since": self.since})))
            self.days |= {(entry["panel_id"], entry["day"]): entry["is_complete"] for entry in changes["entries"]}
            self.since, more = changes["revision"], changes["more"]


def requests_of(sent: list[Arrival]) -> Iterator[tuple[bool, list[Arrival]]]:
    """Group neighbours that arrive at the same time in one batch."""
    for (_, in_batch), group in groupby(sent, key=lambda arrival: (arrival.arrived_at, arrival.in_batch)):
        if in_batch:
            yield True, list(group)
        else:
            yield from ((False, [each]) for each in group)


def test_three_devices_end_with_the_days_of_the_model(ada: Person, wall_clock: Clock) -> None:
    panel_ids = [ada.new_panel(str(panel)) for panel in PANELS]
    examples = count()

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(arrivals())
    def check(sent: list[Arrival]) -> None:
        # Each example has days of its own, so that no panel and no user has to be made for it.
        first_day = date(2000, 1, 1) + timedelta(days=len(DAYS) * next(examples))

        def key_of(arrival: Arrival) -> Key:
            return panel_ids[arrival.panel], (first_day + timedelta(days=arrival.day)).isoformat()

        model: dict[Key, tuple[int, bool]] = {}
        devices = [Device(ada) for _ in DEVICES]
        for in_batch, group in requests_of(sent):
            wall_clock.now = instant(group[0].arrived_at)
            bodies: list[dict[str, Any]] = []
            for each in group:
                tap = min(each.tapped_at, each.arrived_at), each.is_complete
                model[key_of(each)] = max(model.get(key_of(each), tap), tap)
                tapped_at = instant(each.tapped_at).isoformat()
                bodies.append({"is_complete": each.is_complete, "tapped_at": tapped_at})
            keys = [key_of(each) for each in group]
            if in_batch:
                taps = [body | {"panel_id": key[0], "day": key[1]} for key, body in zip(keys, bodies, strict=True)]
                assert not [result for result in data(ada.post("/taps", taps)) if "error" in result]
            else:
                data(ada.put(f"/panels/{keys[0][0]}/entries/{keys[0][1]}", bodies[0]))
            devices[group[0].device].read()
        for device in devices:
            device.read()
            assert {key: device.days[key] for key in model} == {key: tap[1] for key, tap in model.items()}

    check()
