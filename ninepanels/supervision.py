"""Keeps background tasks running."""

import asyncio
import logging
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any

from . import instruments

RESTART_AFTER_S = 0.5

log = logging.getLogger(__name__)


class Supervised:
    """A task that is to run until it is stopped; should it end before, by whatever it is, another takes its place."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        self.name = name
        self._make = make
        self._stopped = False
        self._start()

    async def stop(self, within_s: float) -> None:
        """Let the task come to its end, and make an end of it after a time."""
        self._stopped = True
        await asyncio.wait({self.task}, timeout=within_s)
        self.task.cancel()
        await asyncio.wait({self.task})

    def _start(self) -> None:
        if not self._stopped:
            self.task = asyncio.create_task(self._make(), name=self.name)
            self.task.add_done_callback(self._replace)

    def _replace(self, ended: asyncio.Task[None]) -> None:
        error = None if ended.cancelled() else ended.exception()
        if self._stopped:
            return
        instruments.tasks_restarted.labels(self.name).inc()
        log.error("The task %s ended, and is started again", self.name, exc_info=error)
        # Not at once: one that cannot run would fill the log.
        ended.get_loop().call_later(RESTART_AFTER_S, self._start)
