"""A steady load of taps, and what happened to each tap."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import timedelta
from types import TracebackType

import httpx2

from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import wait_for

RATE = 60
"""Taps per second."""
TIMEOUT_S = 30.0

FIRST_DAY = date(1990, 1, 1)
"""The day of the first taps. The next day follows when each panel has been tapped."""


@dataclass(frozen=True)
class Target:
    """A panel that is tapped."""

    panel_id: int
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Tap:
    """One tap, which is the only one of its panel and day."""

    target: Target
    day: date

    @property
    def key(self) -> tuple[int, date]:
        return self.target.panel_id, self.day

    @property
    def path(self) -> str:
        return f"/panels/{self.target.panel_id}/entries"

    @property
    def body(self) -> dict[str, object]:
        return {"is_complete": True, "day": self.day.isoformat()}


class Load:
    """`with Load(...) as load:` sends RATE taps per second, whether or not earlier ones have been answered.

    Each tap has its own connection: a kept connection that the server closes would count as an error.

    Attributes:
        sent: all taps.
        acknowledged: the taps that were answered with 200, by the time of the answer.
        refused: the other taps.
        errors: the number of those taps, by kind: a status, `refused`, `cut off` or `no answer`.
    """

    def __init__(self, url: str, targets: Sequence[Target]) -> None:
        self.sent: list[Tap] = []
        self.acknowledged: dict[float, Tap] = {}
        self.refused: list[Tap] = []
        self.errors: Counter[str] = Counter()
        self._url = url
        self._targets = targets
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send()), name="load")

    def __enter__(self) -> "Load":
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_until_sent(self, seconds: float) -> None:
        """Wait until the taps of so many seconds more have been sent."""
        wanted = len(self.sent) + int(seconds * RATE)
        wait_for(lambda: len(self.sent) >= wanted, deadline_s=PROGRAM_DEADLINE_S)

    def wait_until_acknowledged(self, seconds: float) -> None:
        """Wait until so many taps more have been acknowledged as are sent in so many seconds."""
        wanted = len(self.acknowledged) + int(seconds * RATE)
        wait_for(
            lambda: len(self.acknowledged) >= wanted,
            lambda: f"acknowledged taps after {dict(self.errors)}",
            deadline_s=PROGRAM_DEADLINE_S,
        )

    def longest_gap_s(self) -> float:
        """Return the longest time without an acknowledgement."""
        times = [self._started, *sorted(self.acknowledged)]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def post(self, path: str, body: dict[str, object]) -> None:
        """Send another request to the service."""
        with httpx2.Client(base_url=self._url, timeout=TIMEOUT_S) as client:
            client.post(path, json=body).raise_for_status()

    def repeat_refused(self) -> None:
        """Send the taps that were not acknowledged again, as a client does that keeps them."""
        with httpx2.Client(base_url=self._url, timeout=TIMEOUT_S) as client:
            for tap in self.refused:
                client.post(tap.path, json=tap.body, headers=dict(tap.target.headers)).raise_for_status()

    async def _send(self) -> None:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        async with (
            httpx2.AsyncClient(base_url=self._url, timeout=TIMEOUT_S, limits=limits) as client,
            asyncio.TaskGroup() as taps,
        ):
            while not self._stopping.is_set():
                days, panel = divmod(len(self.sent), len(self._targets))
                tap = Tap(self._targets[panel], FIRST_DAY + timedelta(days=days))
                self.sent.append(tap)
                taps.create_task(self._tap(client, tap))
                due = self._started + len(self.sent) / RATE
                await asyncio.sleep(max(due - time.monotonic(), 0))

    async def _tap(self, client: httpx2.AsyncClient, tap: Tap) -> None:
        try:
            response = await client.post(tap.path, json=tap.body, headers=dict(tap.target.headers))
        except httpx2.ConnectError:
            error = "refused"
        except httpx2.TimeoutException:
            error = "no answer"
        except httpx2.TransportError:
            error = "cut off"
        else:
            if response.status_code == 200:
                self.acknowledged[time.monotonic()] = tap
                return
            error = str(response.status_code)
        self.errors[error] += 1
        self.refused.append(tap)
