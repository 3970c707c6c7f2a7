"""Runs a program on a pseudo-terminal, as in an interactive session."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from .servers import PROGRAM_DEADLINE_S
from .servers import wait_for

# Makes the terminal the controlling terminal of the program, so that Ctrl-C reaches its foreground process.
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

CTRL_C = "\x03"
CTRL_D = "\x04"


class Terminal:
    """A terminal: `with Terminal(command, folder, variables) as terminal:` runs the command on it."""

    def __init__(self, command: list[str], folder: Path, variables: dict[str, str]) -> None:
        self.shown = ""
        self._unread = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", ON_A_TERMINAL, *command],
            cwd=folder,
            env=variables | {"TERM": "dumb"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._keyboard = self._process.stdin.fileno()
        self._screen = self._process.stdout.fileno()
        os.set_blocking(self._screen, False)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def type(self, keys: str) -> None:
        os.write(self._keyboard, keys.encode())

    def read_until(self, pattern: str) -> str:
        """Wait until the unread output contains a match of `pattern` and return the output up to its end."""
        end = wait_for(
            lambda: self._look(pattern), lambda: f"{pattern!r} on the terminal: {self._unread!r}", PROGRAM_DEADLINE_S
        )
        seen, self._unread = self._unread[:end], self._unread[end:]
        return seen

    def wait(self) -> int:
        """Wait for the program to end and return its exit code."""
        return self._process.wait(PROGRAM_DEADLINE_S)

    def _look(self, pattern: str) -> int | None:
        """Read new output and return where the first match of `pattern` ends, or None."""
        with contextlib.suppress(BlockingIOError):
            new = os.read(self._screen, 65_536).decode().replace("\r", "")
            self.shown += new
            self._unread += new
        match = re.search(pattern, self._unread)
        return match and match.end()
