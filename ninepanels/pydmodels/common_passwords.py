"""The most common passwords, which are guessed first."""

import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

MIN_LENGTH = 8
"""Shorter passwords are not accepted, so they are not in memory."""


def contain(password: str) -> bool:
    """Return whether a password in NFC is one of the most common passwords, in upper or lower case."""
    return password.casefold() in _read()


@cache
def _read() -> frozenset[str]:
    """Return the list of the library zxcvbn, which is ordered by how often a password was found in leaks.

    The file is read, not imported: the import would take 14 MB and build the tables of the whole library.
    """
    path = Path(str(distribution("zxcvbn").locate_file("zxcvbn/frequency_lists.py")))
    (passwords,) = re.findall(r'"passwords": "([^"]+)"', path.read_text(encoding="utf-8"))
    return frozenset(re.findall(rf"[^,]{{{MIN_LENGTH},}}", passwords))
