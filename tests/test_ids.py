"""Ids of requests and events."""

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
    assert {(ids.uuid4().version, ids.uuid4().variant) for _ in range(100)} == {(4, "specified in RFC 4122")}


instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(instants)
def test_an_ordered_id_is_a_uuid7_of_its_millisecond(instant: datetime) -> None:
    made = ids.uuid7(instant)
    assert (made.int >> 76 & 0xF, made.variant) == (7, "specified in RFC 4122")
    assert abs(datetime.fromtimestamp((made.int >> 80) / 1_000, UTC) - instant) <= timedelta(milliseconds=1)


@given(instants, st.timedeltas(min_value=timedelta(milliseconds=2), max_value=timedelta(days=1)))
def test_later_ids_are_greater(instant: datetime, later_by: timedelta) -> None:
    assert ids.uuid7(instant) < ids.uuid7(instant + later_by)


def test_ids_are_unique() -> None:
    now = datetime.now(UTC)
    assert len({ids.uuid4() for _ in range(10_000)}) == len({ids.uuid7(now) for _ in range(10_000)}) == 10_000


def test_ids_do_not_depend_on_the_global_random_state() -> None:
    state = random.getstate()
    made = []
    for _ in range(2):
        random.setstate(state)
        made.append(ids.uuid4())
    assert made[0] != made[1]


def test_a_forked_process_makes_different_ids() -> None:
    # In a subprocess, because the test process has threads.
    program = "import os; from ninepanels import ids; os.fork(); os.write(1, f'{ids.uuid4()}\\n'.encode())"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=environments.ROOT, capture_output=True, text=True, check=True
    )
    assert len(set(result.stdout.split())) == 2
