"""Writes what the faults did to docs/reliability.md."""

import fcntl
import json
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from typing import Any

from docs import generated
from ninepanels import clock
from ninepanels import environments

PAGE = environments.ROOT / "docs" / "reliability.md"
NUMBERS = environments.ROOT / "docs" / "reliability.json"

HEAD = """\
| fault | database | taps sent | acknowledged | errors | lost | doubled | longest gap |
| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |
"""


@dataclass(frozen=True)
class Outcome:
    """What happened to the taps of one fault.

    Attributes:
        errors: the number of taps that were not acknowledged, by kind.
        lost: acknowledged taps that were not recorded.
        doubled: entries more than taps, after each refused tap was repeated.
        longest_gap_s: the longest time without an acknowledgement, in seconds.
    """

    sent: int
    acknowledged: int
    errors: dict[str, int]
    lost: int
    doubled: int
    longest_gap_s: float


def add(fault: str, database: str, outcome: Outcome) -> None:
    """Store the outcome of a fault and show all stored outcomes on the page."""
    NUMBERS.touch()
    # Tests of several processes write to this file.
    with NUMBERS.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        numbers: dict[str, Any] = json.loads(file.read() or "{}")
        measured = {"measured_at": clock.now().isoformat(timespec="minutes"), "commit": _commit()}
        numbers[f"{fault}, {database}"] = measured | {"fault": fault, "database": database} | asdict(outcome)
        file.seek(0)
        file.truncate()
        file.write(json.dumps(dict(sorted(numbers.items())), indent=2) + "\n")
        generated.replace(PAGE, as_markdown(numbers))


def as_markdown(numbers: Mapping[str, Any]) -> str:
    """Return the table."""
    latest = max(numbers.values(), key=lambda each: str(each["measured_at"]))
    rows = [
        f"| {each['fault']} | {each['database']} | {each['sent']:,} | {each['acknowledged']:,} | {_errors(each)}"
        f" | {each['lost']} | {each['doubled']} | {each['longest_gap_s']:.1f} s |\n"
        for _, each in sorted(numbers.items())
    ]
    measured = f"\nLast measured {latest['measured_at']} at {latest['commit']}, 60 taps per second.\n\n"
    return f"{HEAD}{''.join(rows)}{measured}"


def _errors(each: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} x {kind}" for kind, count in sorted(each["errors"].items())) or "none"


def _commit() -> str:
    return environments.git("log", "-1", "--format=%h") or "an unknown commit"
