"""Lists the errors in docs/errors.md, from the registry: `./mc.sh docs`."""

from pathlib import Path

from ninepanels.http.problems import PROBLEM_TYPES

from . import generated


def write(page: Path) -> None:
    """Write the table of errors between the marks of a page."""
    generated.replace(page, f"{table()}\n")


def table() -> str:
    """Return a table of all errors, as Markdown."""
    rows = [
        f"| {each.status.value} | `{each.code}` | {each.explanation} | {each.remedy} |"
        for each in PROBLEM_TYPES.values()
    ]
    return "\n".join(["| status | code | what happened | what to do |", "| ---: | --- | --- | --- |", *rows, ""])
