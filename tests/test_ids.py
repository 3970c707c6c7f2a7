"""The ids of requests and events."""

import random
import subprocess
import sys
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ninepanels import environments
from ninepanels import ids


def test_an_id_is_a_uuid4() -> None:
    assert {(ids.make().version, ids.make().variant) for _ in range(100)} == {(4, "specified in RFC 4122")}


instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is beside them


@given(instants)
def test_an_id_in_order_is_a_uuid7_of_its_millisecond(instant: datetime) -> None:
    made = ids.make_in_order(instant)
    assert (made.int >> 76 & 0xF, made.variant) == (7, "specified in RFC 4122")
    assert abs(datetime.fromtimestamp((made.int >> 80) / 1_000, UTC) - instant) <= timedelta(milliseconds=1)


@given(instants, st.timedeltas(min_value=timedelta(milliseconds=2), max_value=timedelta(days=1)))
def test_what_comes_later_has_a_greater_id(instant: datetime, later_by: timedelta) -> None:
    assert ids.make_in_order(instant) < ids.make_in_order(instant + later_by)


def test_no_id_comes_twice() -> None:
    now = datetime.now(UTC)
    assert len({ids.make() for _ in range(10_000)}) == len({ids.make_in_order(now) for _ in range(10_000)}) == 10_000


def test_who_sets_the_state_of_pythons_random_numbers_sets_no_id() -> None:
    state = random.getstate()
    made = []
    for _ in range(2):
        random.setstate(state)
        made.append(ids.make())
    assert made[0] != made[1]


def test_a_process_that_is_forked_goes_its_own_way() -> None:
    # In a process of its own, for this one has threads.
    program = "import os; from ninepanels import ids; os.fork(); os.write(1, f'{ids.make()}\\n'.encode())"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=environments.ROOT, capture_output=True, text=True, check=True
    )
    assert len(set(result.stdout.split())) == 2
