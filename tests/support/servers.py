"""Runs the real service in a separate process."""

import inspect
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import httpx2

from ninepanels import environments
from ninepanels import serve

SECRET = "a secret of the tests that is long enough"
DEADLINE_S = 60.0
"""The time limit of waits, far longer than they take: a busy machine must not exceed it."""
PROGRAM_DEADLINE_S = 300.0
"""The time limit of waits for whole programs and for long sequences of requests."""

# The service with longer time limits, and the real one for the tests of those limits.
PATIENT = ("tests.support.patience",)
MIGRATE_AND_SERVE = ("ninepanels", "run")
UVICORN_OPTIONS = ("--no-access-log", "--no-proxy-headers", "--ws", "none", "--http", serve.PROTOCOL)
SERVE_ONLY = ("uvicorn", "ninepanels.main:api", *UVICORN_OPTIONS)

T = TypeVar("T")


def wait_for(
    condition: Callable[[], T | None], missing: Callable[[], str] | None = None, deadline_s: float = DEADLINE_S
) -> T:
    """Call a function until its result is true, and return the result.

    Args:
        condition: the function.
        missing: describes what was missing when the time is over. By default, the source of the condition.
        deadline_s: the time limit.
    """
    deadline = time.monotonic() + deadline_s
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"missing after {deadline_s} s: {missing() if missing else _source_of(condition)}")
        time.sleep(0.05)
    return result


def _source_of(condition: Callable[[], object]) -> str:
    try:
        return textwrap.dedent(inspect.getsource(condition)).strip()
    except (OSError, TypeError):
        # Not every callable has a source.
        return repr(condition)


def environment(database_url: str, /, **settings: str) -> dict[str, str]:
    """Return the environment variables of a process with these settings and no others."""
    ours = {"ENV": "TEST", "DATABASE_URL": database_url, "JWT_SECRET": SECRET} | settings
    others = {name: value for name, value in os.environ.items() if not name.startswith("NINEPANELS_")}
    return others | {f"NINEPANELS_{name}": value for name, value in ours.items()}


def migrate_in_parallel(database_url: str, instances: int, *program: str) -> None:
    """Migrate a database with several processes in parallel."""
    migrations = [
        subprocess.Popen(
            [sys.executable, "-m", *program],
            cwd=environments.ROOT,
            env=environment(database_url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(instances)
    ]
    outputs = [migration.communicate(timeout=PROGRAM_DEADLINE_S)[0] for migration in migrations]
    assert [migration.returncode for migration in migrations] == [0] * instances, "\n".join(outputs)


class Service:
    """A process: `with Service(database_url, folder) as service:` waits until it is live. It logs to `folder`.

    It is the service of this checkout, or that of the one in the folder `root`.
    """

    def __init__(
        self,
        database_url: str,
        folder: Path,
        program: Sequence[str] = PATIENT,
        root: Path = environments.ROOT,
        /,
        **settings: str,
    ) -> None:
        self.log_file = folder / "service.log"
        self.url = ""
        # Port 0: the system chooses a free port, which is read from the log.
        command = ["-m", *program, "--port", "0"]
        settings = {"MAIL_DIR": str(folder / "mail")} | settings
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=root,
                env=environment(database_url, **settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> "Service":
        try:
            self.url = wait_for(self._address, lambda: f"the address in {self.log()!r}")
            self.client = httpx2.Client(base_url=self.url, timeout=PROGRAM_DEADLINE_S)
            wait_for(self._is_live)
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.client.close()
        try:
            self.stop()
        finally:
            self._kill()

    def log(self) -> str:
        return self.log_file.read_text()

    def stop(self) -> int:
        """Send SIGTERM, wait for the process to end and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PROGRAM_DEADLINE_S)

    def status(self, path: str) -> int:
        return self.client.get(path).status_code

    def _address(self) -> str | None:
        assert self.process.poll() is None, self.log()
        running = re.search(r"(?:running on|Open) (http://\S+)", self.log())
        return running and running[1]

    def _is_live(self) -> bool:
        try:
            return self.status("/health/live") == 200
        except httpx2.ConnectError:
            # With uvicorn's own command and several workers, the address is logged before they listen.
            return False

    def _kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
