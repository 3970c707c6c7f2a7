"""Supervised background tasks."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from ninepanels.runtime import supervision
from ninepanels.runtime.supervision import Supervised

from ..support.servers import DEADLINE_S


class Task:
    """A coroutine function that never returns and counts its calls. The second call raises."""

    def __init__(self) -> None:
        self.calls = 0
        self._changed = asyncio.Event()

    async def __call__(self) -> None:
        self.calls += 1
        self._changed.set()
        if self.calls == 2:
            raise LookupError("the message")
        await asyncio.Event().wait()

    async def wait_for_calls(self, count: int) -> None:
        while self.calls < count:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), DEADLINE_S)


@pytest.fixture(autouse=True)
def _no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "RESTART_DELAY_S", 0.0)


def restarts() -> float:
    return REGISTRY.get_sample_value("ninepanels_tasks_restarted_total", {"task": "the-task"}) or 0.0


def test_a_task_that_is_cancelled_or_fails_is_restarted(caplog: pytest.LogCaptureFixture) -> None:
    before = restarts()

    async def serve() -> None:
        task = Task()
        supervised = Supervised(task, "the-task")
        await task.wait_for_calls(1)
        supervised.task.cancel()
        # The second call raises.
        await task.wait_for_calls(3)
        await supervised.stop(0)

    asyncio.run(serve())
    assert restarts() - before == 2
    assert [record.getMessage() for record in caplog.records] == ["The task the-task ended and is restarted"] * 2
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [None, LookupError]


def test_a_stopped_task_is_not_restarted(caplog: pytest.LogCaptureFixture) -> None:
    async def serve() -> int:
        task = Task()
        supervised = Supervised(task, "the-task")
        await task.wait_for_calls(1)
        await supervised.stop(0)
        await asyncio.sleep(0.01)
        return task.calls

    assert asyncio.run(serve()) == 1
    assert not caplog.records


def test_stopping_waits_for_the_task_to_end() -> None:
    finished = []

    async def work() -> None:
        await asyncio.sleep(0.01)
        finished.append(True)

    async def serve() -> None:
        supervised = Supervised(work, "the-task")
        await supervised.stop(DEADLINE_S)

    asyncio.run(serve())
    assert finished == [True]


def test_stopping_before_the_restart_prevents_it() -> None:
    async def serve() -> int:
        task = Task()
        supervised = Supervised(task, "the-task")
        await task.wait_for_calls(1)
        supervised.task.cancel()
        await asyncio.wait({supervised.task})
        await supervised.stop(0)
        await asyncio.sleep(0.01)
        return task.calls

    assert asyncio.run(serve()) == 1
