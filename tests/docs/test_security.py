"""docs/security.md is complete, and names only tests that exist."""

import re
from collections.abc import Iterator

from ninepanels import environments

PAGE = (environments.ROOT / "docs" / "security.md").read_text("utf-8")
_SECTIONS = {section.partition("\n")[0]: section for section in PAGE.split("\n## ")}
(OWASP_API,) = (section for title, section in _SECTIONS.items() if title.startswith("OWASP API"))
(OWASP_ASVS,) = (section for title, section in _SECTIONS.items() if title.startswith("OWASP ASVS"))

# How many requirements of the levels 1 and 2 each section of ASVS 5.0.0 has. Those of level 3 are the last ones of it.
ASVS = {
    "1.1": 2,
    "1.2": 9,
    "1.3": 11,
    "1.4": 3,
    "1.5": 2,
    "2.1": 3,
    "2.2": 3,
    "2.3": 4,
    "2.4": 1,
    "3.2": 2,
    "3.3": 4,
    "3.4": 6,
    "3.5": 5,
    "3.7": 2,
    "4.1": 3,
    "4.2": 1,
    "4.3": 2,
    "4.4": 4,
    "5.1": 1,
    "5.2": 3,
    "5.3": 2,
    "5.4": 3,
    "6.1": 3,
    "6.2": 12,
    "6.3": 4,
    "6.4": 4,
    "6.5": 5,
    "6.6": 3,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 2,
    "7.6": 2,
    "8.1": 2,
    "8.2": 3,
    "8.3": 1,
    "8.4": 1,
    "9.1": 3,
    "9.2": 4,
    "10.1": 2,
    "10.2": 2,
    "10.3": 4,
    "10.4": 11,
    "10.5": 5,
    "10.6": 2,
    "10.7": 3,
    "11.1": 2,
    "11.2": 3,
    "11.3": 3,
    "11.4": 4,
    "11.5": 1,
    "11.6": 1,
    "12.1": 3,
    "12.2": 2,
    "12.3": 4,
    "13.1": 1,
    "13.2": 5,
    "13.3": 2,
    "13.4": 5,
    "14.1": 2,
    "14.2": 4,
    "14.3": 3,
    "15.1": 3,
    "15.2": 3,
    "15.3": 7,
    "16.1": 1,
    "16.2": 5,
    "16.3": 4,
    "16.4": 3,
    "16.5": 3,
    "17.1": 1,
    "17.2": 4,
    "17.3": 2,
}
# What a row without a test says instead.
REASONS = r"Does not apply|Not met|The operator's part|is not limited|\]\([a-z-]*(\.md)?(#[a-z-]+)?\)|SECURITY\.md"


def rows(part: str) -> list[list[str]]:
    """Return the cells of the rows of all tables, without their heads."""
    lines = re.findall(r"^\| (?!requirements|risk|---)(.*) \|$", part, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def requirements(cell: str) -> Iterator[str]:
    """Return the requirements that a cell such as `1.2.6-8, 1.5.1` names."""
    for part in cell.split(", "):
        first, _, last = part.partition("-")
        section, _, number = first.rpartition(".")
        for each in range(int(number), int(last or number) + 1):
            yield f"{section}.{each}"


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(tests/[^`:]+)(?:::(\w+))?`", PAGE))
    assert len(named) > 100
    for path, name in named:
        text = (environments.ROOT / path).read_text("utf-8")
        assert f"def {name}(" in text if name else "def test_" in text, f"{path}::{name}"


def test_every_risk_and_every_requirement_has_one_row() -> None:
    risks = [cells[0].partition(" ")[0] for cells in rows(OWASP_API)]
    assert risks == [f"API{number}" for number in range(1, 11)]
    named = [each for cells in rows(OWASP_ASVS) for each in requirements(cells[0])]
    expected = {f"{section}.{number}" for section, count in ASVS.items() for number in range(1, count + 1)}
    assert set(named) == expected
    assert len(named) == len(expected)


def test_every_row_names_a_test_or_a_reason() -> None:
    for cells in rows(OWASP_API + OWASP_ASVS):
        held = cells[2] if len(cells) == 3 else ""
        assert held.startswith("`tests/") or re.search(REASONS, cells[1]), cells[0]
