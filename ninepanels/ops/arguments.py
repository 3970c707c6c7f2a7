"""Parses the arguments of the verbs of mission control."""

import argparse
from collections.abc import Callable
from typing import NoReturn

from .. import environments


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line. The exit code is 2."""

    def error(self, message: str) -> NoReturn:
        """Exit with one line. The original also prints the usage, which can be long."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def parser_of(verb: str, description: str) -> Parser:
    """Return a parser of the arguments of a verb."""
    return Parser(prog=f"{environments.COMMAND} {verb}", description=description, allow_abbrev=False)


def number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Return the type of an argument that is an integer in a range."""
    allowed = f"a number, {minimum} or more" if maximum is None else f"a number from {minimum} to {maximum}"

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum or (maximum is not None and int(text) > maximum):
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return int(text)

    return parse
