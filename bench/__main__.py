"""Measures the service and writes the results to the documentation: `./mc.sh bench [PART ...]`.

Prints Markdown. The latest numbers of each part are stored in docs/performance.json and shown between the two marks of
docs/performance.md.
"""

import argparse
import inspect
import json
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from docs import generated
from ninepanels import clock
from ninepanels import environments
from ninepanels.ops import failures

from . import parts
from .rounds import ROUNDS
from .stage import SERVICE_CORE
from .wrk import CONNECTIONS
from .wrk import SECONDS

PAGE = environments.ROOT / "docs" / "performance.md"
NUMBERS = environments.ROOT / "docs" / "performance.json"


def measure(name: str) -> dict[str, Any]:
    """Measure a part; return its results with the conditions of the measurement."""
    result = parts.PARTS[name]()
    return {
        "about": inspect.getdoc(parts.PARTS[name]),
        "measured_at": clock.now().isoformat(timespec="minutes"),
        "commit": environments.git("log", "-1", "--format=%h"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "rounds": ROUNDS,
        "seconds": SECONDS,
        "connections": CONNECTIONS,
        "loads": {contestant: asdict(load) for contestant, load in result.loads.items()},
        "figures": [asdict(figure) for figure in result.figures],
    }


def as_markdown(name: str, part: dict[str, Any]) -> str:
    """Return a part as a section of the page."""
    lines = [f"### {name}", "", part["about"], ""]
    lines += [
        f"Measured {part['measured_at']} at {part['commit']}, {part['cores']} cores, Python {part['python']}.",
        "",
    ]
    if part["loads"]:
        lines += ["| what | requests/s | p50 ms | p99 ms | errors |", "| --- | ---: | ---: | ---: | ---: |"]
        lines += [
            f"| {contestant} | {load['per_second']:,.0f} | {load['p50_ms']:.1f} | {load['p99_ms']:.1f}"
            f" | {load['errors']} |"
            for contestant, load in part["loads"].items()
        ]
        lines.append("")
    lines += ["| figure | measured | wanted | |", "| --- | ---: | ---: | --- |"]
    lines += [
        f"| {figure['name']} | {_number(figure['value'])} | {figure['wanted']} | {_verdict(figure)} |"
        for figure in part["figures"]
    ]
    return "\n".join([*lines, "", ""])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _verdict(figure: dict[str, Any]) -> str:
    comparison, _, bound = figure["wanted"].partition(" ")
    met = figure["value"] >= float(bound) if comparison == ">=" else figure["value"] <= float(bound)
    return "met" if met else "**missed**"


def write(names: Iterable[str]) -> None:
    """Measure parts and update their stored numbers."""
    numbers = json.loads(NUMBERS.read_text()) if NUMBERS.exists() else {}
    for name in names:
        numbers[name] = measure(name)
        sys.stdout.write(as_markdown(name, numbers[name]))
        NUMBERS.write_text(json.dumps(numbers, indent=2) + "\n")
        show(numbers)


def show(numbers: dict[str, Any]) -> None:
    """Write the stored numbers between the marks of the page."""
    sections = "".join(as_markdown(each, numbers[each]) for each in parts.PARTS if each in numbers)
    generated.replace(PAGE, sections)


def main() -> None:
    """Measure the parts named by the arguments, all by default."""
    parser = argparse.ArgumentParser(prog="./mc.sh bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(parts.PARTS)}; all by default")
    wanted = parser.parse_args().parts or list(parts.PARTS)
    if unknown := set(wanted) - parts.PARTS.keys():
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    if (os.cpu_count() or 1) <= SERVICE_CORE + 1:
        sys.exit("The benchmark needs two cores: one for the service, one for the load and the database.")
    write(wanted)


if __name__ == "__main__":
    with failures.reported():
        main()
