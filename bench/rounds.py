"""Runs contestants in turn for several rounds, so that a temporary slowdown of the machine affects all of them."""

import statistics
import sys
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

from .wrk import Load

ROUNDS = 5


def interleave(contestants: Mapping[str, Callable[[], Load]], rounds: int = ROUNDS) -> dict[str, list[Load]]:
    """Run each contestant once per round; return the loads of each contestant, one per round."""
    loads: dict[str, list[Load]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name, run in contestants.items():
            sys.stderr.write(f"round {number + 1} of {rounds}: {name}\n")
            loads[name].append(run())
    return loads


def median(loads: Sequence[Load]) -> Load:
    """Return the median of each number and the sum of the errors."""
    return Load(
        per_second=statistics.median(load.per_second for load in loads),
        p50_ms=statistics.median(load.p50_ms for load in loads),
        p99_ms=statistics.median(load.p99_ms for load in loads),
        errors=sum(load.errors for load in loads),
    )


def ratio(these: Sequence[Load], those: Sequence[Load], of: Callable[[Load], float]) -> float:
    """Return the median over the rounds of the ratio of a number between two contestants."""
    return statistics.median(of(this) / of(that) for this, that in zip(these, those, strict=True))
