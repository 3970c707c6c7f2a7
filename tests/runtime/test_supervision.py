import asyncio

import pytest
from prometheus_client import REGISTRY

from ninepanels.runtime import supervision
from ninepanels.runtime.supervision import Supervised

DEADLINE_S = 10


class Task:
    """Work that never ends by itself; it knows how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self._changed = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        self._changed.set()
        if self.begun == 2:
            raise LookupError("no tea")
        await asyncio.Event().wait()

    async def until_begun(self, times: int) -> None:
        while self.begun < times:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), DEADLINE_S)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "RESTART_DELAY_S", 0.0)


def restarts() -> float:
    return REGISTRY.get_sample_value("ninepanels_tasks_restarted_total", {"task": "tea"}) or 0.0


def test_a_task_that_is_killed_or_fails_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    before = restarts()

    async def serve() -> None:
        task = Task()
        supervised = Supervised(task, "tea")
        await task.until_begun(1)
        supervised.task.cancel()
        # The second one fails by itself.
        await task.until_begun(3)
        await supervised.stop(0)

    asyncio.run(serve())
    assert restarts() - before == 2
    assert [record.getMessage() for record in caplog.records] == ["The task tea ended and is restarted"] * 2
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [None, LookupError]


def test_a_task_that_is_stopped_is_not_started_again(caplog: pytest.LogCaptureFixture) -> None:
    async def serve() -> int:
        task = Task()
        supervised = Supervised(task, "tea")
        await task.until_begun(1)
        await supervised.stop(0)
        await asyncio.sleep(0.01)
        return task.begun

    assert asyncio.run(serve()) == 1
    assert not caplog.records


def test_a_task_that_is_stopped_may_come_to_its_end_by_itself() -> None:
    finished = []

    async def work() -> None:
        await asyncio.sleep(0.01)
        finished.append(True)

    async def serve() -> None:
        supervised = Supervised(work, "tea")
        await supervised.stop(DEADLINE_S)

    asyncio.run(serve())
    assert finished == [True]


def test_stopping_between_two_tasks_lets_none_follow() -> None:
    async def serve() -> int:
        task = Task()
        supervised = Supervised(task, "tea")
        await task.until_begun(1)
        supervised.task.cancel()
        await asyncio.wait({supervised.task})
        await supervised.stop(0)
        await asyncio.sleep(0.01)
        return task.begun

    assert asyncio.run(serve()) == 1
