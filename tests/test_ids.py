"""The ids of requests and events."""

import random
import subprocess
import sys

from ninepanels import environments
from ninepanels import ids


def test_an_id_is_a_uuid4() -> None:
    assert {(ids.make().version, ids.make().variant) for _ in range(100)} == {(4, "specified in RFC 4122")}


def test_no_id_comes_twice() -> None:
    assert len({ids.make() for _ in range(10_000)}) == 10_000


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
