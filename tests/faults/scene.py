"""The service under a process manager, its database, and the taps that arrive while something fails."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

import httpx2
from sqlalchemy import select

from ninepanels import environments
from ninepanels import sqlmodels as sql

from ..serve.conftest import open_session
from ..support.people import PASSWORD
from ..support.people import data
from ..support.postgres import PostgresServer
from ..support.postgres import free_port
from ..support.servers import MIGRATE_AND_SERVE
from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import environment
from ..support.servers import wait_for
from .load import Load
from .load import Target
from .report import Outcome

USERS = 9
STEADY_S = 2
"""How long taps are acknowledged before a fault begins, and after it has ended."""


class Manager:
    """Starts the service, and starts it again whenever it ends, as systemd does with `Restart=always`."""

    def __init__(self, command: Sequence[str], variables: dict[str, str], output: IO[str]) -> None:
        self._command = command
        self._variables = variables
        self._output = output
        self._stopping = False
        self.service = self._start()
        self._thread = threading.Thread(target=self._restart, name="process manager")
        self._thread.start()

    def workers(self) -> list[int]:
        """Return the ids of the worker processes."""
        command = ["pgrep", "-P", str(self.service.pid), "-f", "spawn_main"]
        return [int(line) for line in subprocess.run(command, capture_output=True, check=True).stdout.split()]

    def stop(self) -> None:
        """End the service and do not start it again."""
        self._stopping = True
        self.service.send_signal(signal.SIGTERM)
        self._thread.join()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            cwd=environments.ROOT,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )

    def _restart(self) -> None:
        self.service.wait()
        while not self._stopping:
            self.service = self._start()
            self.service.wait()


@dataclass
class Scene:
    """A database and a folder for one fault."""

    folder: Path
    database_url: str
    postgres: PostgresServer | None = None
    outcome: Outcome | None = None

    @contextlib.contextmanager
    def taps(
        self,
        errors: Collection[str] = (),
        *,
        program: Sequence[str] = MIGRATE_AND_SERVE,
        workers: int = 1,
        output: Path | None = None,
        variables: dict[str, str] | None = None,
        **settings: str,
    ) -> Iterator[tuple[Manager, Load]]:
        """Send taps to the service; the block is what fails. Afterwards, no tap may be lost, and none recorded twice.

        Args:
            errors: the errors that may occur, besides 503.
            program: the module that runs the service, and its first arguments.
            workers: the number of its worker processes.
            output: the file of its log.
            variables: further environment variables.
            settings: its settings.
        """
        url = f"http://127.0.0.1:{(port := free_port())}"
        command = [sys.executable, "-m", *program, "--port", str(port), "--workers", str(workers)]
        settings = {"MAIL_DIR": str(self.folder / "mail"), "RATE_LIMITS": "off"} | settings
        with (output or self.folder / "service.log").open("a") as log:
            manager = Manager(command, environment(self.database_url, **settings) | (variables or {}), log)
            try:
                with Load(url, _sign_up_users(url)) as load:
                    load.wait_until_acknowledged(STEADY_S)
                    yield manager, load
                    load.wait_until_acknowledged(STEADY_S)
                recorded = self._recorded()
                lost = {tap.key for tap in load.acknowledged.values()} - recorded.keys()
                load.repeat_refused()
                recorded = self._recorded()
            finally:
                manager.stop()
        self.outcome = Outcome(
            sent=len(load.sent),
            acknowledged=len(load.acknowledged),
            errors=dict(load.errors),
            lost=len(lost),
            doubled=recorded.total() - len(load.sent),
            longest_gap_s=load.longest_gap_s(),
        )
        assert (self.outcome.lost, self.outcome.doubled) == (0, 0), self.outcome
        assert recorded.keys() == {tap.key for tap in load.sent}
        assert load.errors.keys() <= {"503", *errors}, self.outcome

    def _recorded(self) -> Counter[tuple[int, date]]:
        """Return how many completed entries each panel has of each day."""
        with open_session(self.database_url) as session:
            rows = session.execute(select(sql.Entry.panel_id, sql.Entry.day).where(sql.Entry.is_complete))
            return Counter((row.panel_id, row.day) for row in rows)


def _sign_up_users(url: str) -> list[Target]:
    with httpx2.Client(base_url=url, timeout=PROGRAM_DEADLINE_S) as client:
        wait_for(lambda: _is_ready(client))
        return [_sign_up(client, f"user{number}@example.com") for number in range(USERS)]


def _is_ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx2.TransportError:
        return False


def _sign_up(client: httpx2.Client, email: str) -> Target:
    data(client.post("/users", json={"email": email, "name": "Ada", "password": PASSWORD}))
    token = data(client.post("/token", data={"username": email, "password": PASSWORD}))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return Target(data(client.post("/panels", json={"title": "Read"}, headers=headers))["id"], headers)
