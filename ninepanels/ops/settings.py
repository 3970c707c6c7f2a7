"""Prints the settings in force as a settings file: `python -m ninepanels.ops.settings`."""

import re
import sys

from pydantic import SecretStr

from .. import config
from ..config import PREFIX
from . import failures
from . import masking


def main() -> None:
    """Print one setting per line. Those with a secret are comments, in which the secret is masked."""
    for name, value in config.read_settings():
        line = f"{PREFIX}{name.upper()}={_quoted(_text(value))}"
        if isinstance(value, SecretStr) and value:
            line = f"# {PREFIX}{name.upper()}={value}"
        elif isinstance(value, str) and "://" in value and (masked := masking.mask(value)) != value:
            line = f"# {PREFIX}{name.upper()}={masked}"
        sys.stdout.write(f"{line}\n")


def _text(value: object) -> str:
    """Return a value as it is written in a settings file."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _quoted(text: str) -> str:
    """Return a text in quotes if a settings file or a shell would read it differently without them."""
    if re.fullmatch(r"[\w./:@,*+%=~-]*", text):
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


if __name__ == "__main__":
    with failures.reported():
        main()
