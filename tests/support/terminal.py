"""Runs a program on a pseudo-terminal, as in an interactive session."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from .servers import PROGRAM_DEADLINE_S
from .servers import wait_for

# Makes the terminal the controlling terminal of the program, so that Ctrl-C reaches its foreground process.
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

REPEAT_S = 10.0

CTRL_C = "\x03"
CTRL_D = "\x04"


class Terminal:
    """A terminal: `with Terminal(command, folder, variables) as terminal:` runs the command on it."""

    def __init__(self, command: list[str], folder: Path, variables: dict[str, str]) -> None:
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

    def end_with(self, keys: str) -> int:
        """Type keys until the program ends, and return its exit code.

        Ctrl-C and Ctrl-D can be lost: a program shows its question before it reads the terminal.
        """
        deadline = time.monotonic() + PROGRAM_DEADLINE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(BrokenPipeError):
                self.type(keys)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(REPEAT_S)
        raise AssertionError(f"the program did not end: {self._unread!r}")

    def _look(self, pattern: str) -> int | None:
        """Read new output and return where the first match of `pattern` ends, or None."""
        with contextlib.suppress(BlockingIOError):
            self._unread += os.read(self._screen, 65_536).decode().replace("\r", "")
        match = re.search(pattern, self._unread)
        return match and match.end()
