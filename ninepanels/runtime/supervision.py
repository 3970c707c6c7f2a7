"""Restarts background tasks that end."""

import asyncio
import logging
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any

from ..observability import prometheus

RESTART_DELAY_S = 0.5

log = logging.getLogger(__name__)


class Supervised:
    """A task that runs until it is stopped. If it ends before that, for any reason, it is started again."""

    def __init__(self, create: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        self.name = name
        self._create = create
        self._stopped = False
        self._start()

    async def stop(self, timeout_s: float) -> None:
        """Wait for the task to end, and cancel it after the timeout."""
        self._stopped = True
        await asyncio.wait({self.task}, timeout=timeout_s)
        self.task.cancel()
        await asyncio.wait({self.task})

    def _start(self) -> None:
        if not self._stopped:
            self.task = asyncio.create_task(self._create(), name=self.name)
            self.task.add_done_callback(self._restart)

    def _restart(self, ended: asyncio.Task[None]) -> None:
        error = None if ended.cancelled() else ended.exception()
        if self._stopped:
            return
        prometheus.tasks_restarted.labels(self.name).inc()
        log.error("The task %s ended and is restarted", self.name, exc_info=error)
        # Delayed, so that a task that always fails does not flood the log.
        ended.get_loop().call_later(RESTART_DELAY_S, self._start)
