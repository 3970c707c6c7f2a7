"""Replaces the generated part of a page."""

from pathlib import Path

BEGIN, END = "<!-- generated -->\n", "<!-- end -->\n"


def replace(page: Path, markdown: str) -> None:
    """Replace what is between the marks of a page.

    Raises:
        ValueError: the page has no marks.
    """
    before, rest = page.read_text().split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{markdown}{END}{after}")
