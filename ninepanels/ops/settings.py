"""Prints the settings in force as a settings file: `./mc.sh env`."""

import re
import sys
from collections.abc import Sequence

from pydantic import SecretStr

from .. import config
from ..config import PREFIX
from . import failures
from . import masking
from .arguments import parser_of


def main(arguments: Sequence[str]) -> None:
    """Print one setting per line. Those with a secret are comments, in which the secret is masked."""
    parser_of("env", "Show the settings in force as a settings file, with secrets masked.").parse_args(arguments)
    with failures.reported():
        sys.stdout.writelines(_line(f"{PREFIX}{name.upper()}", value) for name, value in config.read_settings())


def _line(name: str, value: object) -> str:
    if isinstance(value, SecretStr) and value:
        return f"# {name}={value}\n"
    if isinstance(value, str) and "://" in value and (masked := masking.mask(value)) != value:
        return f"# {name}={masked}\n"
    return f"{name}={_quoted(_text(value))}\n"


def _text(value: object) -> str:
    """Return a value as it is written in a settings file."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _quoted(text: str) -> str:
    """Return a text in quotes if a settings file or a shell would read it differently without them."""
    if re.fullmatch(r"[\w./:@,*+%=~-]*", text):
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
