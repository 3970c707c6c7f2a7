"""Runs the tools that tests install with pinned versions, each once, into a folder that git ignores."""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path

from .servers import PROGRAM_DEADLINE_S


def install_once(pins: Path, folder: Path, install: Callable[[], object]) -> None:
    """Call `install`, unless the tools of this version of the file `pins` are in the folder."""
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    stamp = folder / ".installed"
    # Several test processes install at the same time.
    with pins.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            install()
            stamp.write_text(wanted)


def run(command: Sequence[str | Path], folder: Path, text: str = "", **variables: str) -> str:
    """Run a command in a folder with a standard input and return its output; a non-zero exit code fails the test."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | variables,
        input=text,
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
