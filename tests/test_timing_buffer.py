"""Timings on their way into the database, with a real one."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import event
from sqlalchemy import func
from sqlalchemy import select

from ninepanels import clock
from ninepanels import crud
from ninepanels import event_types
from ninepanels import exceptions
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels import sqlmodels as sql
from ninepanels import timing_buffer
from ninepanels.database import database
from ninepanels.timing_buffer import TimingBuffer

from .conftest import Clock

DEADLINE_S = 10
KEEP = timedelta(days=30)


def timing(method_path: str = "GET_/panels", diff_ms: float = 1.5) -> pyd.Event:
    method, _, path = method_path.partition("_")
    payload = pyd.TimingCreated(
        method=method,
        path=path,
        method_path=method_path,
        status_code=200,
        start_ts=clock.now(),
        stop_ts=clock.now(),
        diff_ms=diff_ms,
        user_id=7,
    )
    return pyd.Event(
        event_id=uuid4(), created_at=clock.now(), request_id="mine", type=event_types.TIMING_CREATED, payload=payload
    )


@pytest.fixture(autouse=True)
def _connected(database_url: str) -> Iterator[None]:
    database.connect(database_url, pool_size=2)
    yield
    database.disconnect()


@pytest.fixture(autouse=True)
def event_queue(monkeypatch: pytest.MonkeyPatch) -> queues.EventQueue:
    """Takes what is emitted, and hands it to nobody."""
    event_queue = queues.EventQueue(capacity=100)
    monkeypatch.setattr(queues, "event_queue", event_queue)
    return event_queue


def rows() -> list[sql.Timing]:
    with database.writing() as session:
        return list(session.scalars(select(sql.Timing)))


def dropped(place: str) -> float:
    labels = {"type": event_types.TIMING_CREATED, "place": place}
    return REGISTRY.get_sample_value("ninepanels_events_dropped_total", labels) or 0.0


def write(*events: pyd.Event, during: Callable[[TimingBuffer], Awaitable[None]] | None = None) -> TimingBuffer:
    """Add events to a buffer, let it write, and return it when everything is written."""

    async def serve() -> TimingBuffer:
        buffer = TimingBuffer()
        buffer.connect(KEEP)
        for each in events:
            buffer.add(each)
        writer = asyncio.create_task(buffer.write_forever())
        await (during(buffer) if during else asyncio.wait_for(buffer.flush(), DEADLINE_S))
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer
        return buffer

    return asyncio.run(serve())


async def until_no_batch_is_full(buffer: TimingBuffer) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while len(buffer) >= timing_buffer.BATCH:  # noqa: ASYNC110 - the buffer says nothing when it has written
            await asyncio.sleep(0.01)


async def until_written(buffer: TimingBuffer) -> None:
    """Wait without asking for anything, as `flush` would."""
    async with asyncio.timeout(DEADLINE_S):
        while len(buffer):  # noqa: ASYNC110 - the buffer says nothing when it is empty
            await asyncio.sleep(0.01)


def test_a_timing_is_kept_as_it_was_emitted() -> None:
    emitted = timing()
    write(emitted)
    [row] = rows()
    assert isinstance(emitted.payload, pyd.TimingCreated)
    expected = {"event_id": emitted.event_id, "created_at": emitted.created_at, "request_id": "mine"}
    of_the_payload = {name: getattr(emitted.payload, name) for name in type(emitted.payload).model_fields}
    del of_the_payload["user_id"]
    assert {
        column.key: getattr(row, column.key) for column in sql.Timing.__table__.columns
    } == expected | of_the_payload


def test_what_is_written_is_said_with_its_routes(event_queue: queues.EventQueue) -> None:
    write(timing("POST_/panels"), timing("GET_/panels"), timing("POST_/panels"))
    [said] = event_queue.take(100)
    assert said.payload == pyd.TimingsPersisted(count=3, method_paths=["GET_/panels", "POST_/panels"])


def test_batches_that_are_full_are_written_without_being_asked_and_the_rest_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timing_buffer, "WRITE_AFTER_S", 1_000)
    monkeypatch.setattr(timing_buffer, "BATCH", 3)

    buffer = write(*(timing() for _ in range(7)), during=until_no_batch_is_full)
    assert (len(rows()), len(buffer)) == (6, 1)


def test_a_few_timings_are_written_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing_buffer, "WRITE_AFTER_S", 0.01)

    write(timing(), during=until_written)
    assert len(rows()) == 1


def test_a_batch_is_one_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    for engine in (database.engine, database.autocommit):
        event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(str(arguments[2])))
    monkeypatch.setattr(timing_buffer, "BATCH", 4)
    write(*(timing() for _ in range(10)))
    assert len([statement for statement in statements if statement.startswith("INSERT INTO timings")]) == 3


def test_a_batch_written_twice_is_there_once() -> None:
    emitted = timing()
    write(emitted)
    write(emitted, timing())
    assert len(rows()) == 2


def test_timings_wait_while_the_database_is_away_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(timing_buffer, "RETRY_S", 0.0)
    real, away = crud.timings.add_all, iter([True, True, True])

    def add_all(*arguments: object) -> None:
        if next(away, False):
            raise exceptions.DatabaseUnavailable(context_msg="OperationalError")
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(crud.timings, "add_all", add_all)
    before = dropped("buffer"), dropped("database")
    write(timing(), timing())
    assert len(rows()) == 2
    assert (dropped("buffer"), dropped("database")) == before
    assert {record.getMessage() for record in caplog.records} == {"2 timings wait to be written (OperationalError)"}


def test_a_full_buffer_drops_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing_buffer, "CAPACITY", 3)
    before = dropped("buffer")
    write(*(timing() for _ in range(5)))
    assert (len(rows()), dropped("buffer") - before) == (3, 2)


def test_a_batch_that_cannot_be_written_is_dropped_counted_and_logged_and_the_next_one_is_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(timing_buffer, "BATCH", 2)
    before = dropped("database")
    impossible = timing()
    impossible = impossible.model_copy(update={"payload": impossible.payload.model_copy(update={"status_code": None})})
    write(timing(), impossible, timing())
    assert (len(rows()), dropped("database") - before) == (1, 2)
    assert [record.getMessage() for record in caplog.records] == ["2 timings could not be written and are lost"]


def test_a_writer_that_is_killed_while_it_writes_loses_nothing_and_writes_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, writing, may_go_on = crud.timings.add_all, threading.Event(), threading.Event()

    def add_all(*arguments: object) -> None:
        writing.set()
        may_go_on.wait(DEADLINE_S)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(crud.timings, "add_all", add_all)

    async def serve() -> None:
        buffer = TimingBuffer()
        buffer.connect(KEEP)
        for _ in range(3):
            buffer.add(timing())
        killed = asyncio.create_task(buffer.write_forever())
        flushed = asyncio.create_task(buffer.flush())
        await asyncio.to_thread(writing.wait, DEADLINE_S)
        killed.cancel()
        may_go_on.set()
        next_one = asyncio.create_task(buffer.write_forever())
        await asyncio.wait_for(flushed, DEADLINE_S)
        next_one.cancel()

    asyncio.run(serve())
    assert len(rows()) == 3


def test_rows_past_their_time_are_swept_a_few_at_once(wall_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing_buffer, "SWEPT_AT_ONCE", 2)
    write(*(timing() for _ in range(5)))
    with database.writing() as work:
        work.add(sql.TimingStats(**old_stats()))
    wall_clock.now += KEEP
    write(timing())
    assert (len(rows()), count(sql.TimingStats)) == (6, 1), "they are kept for their time"
    wall_clock.now += timedelta(microseconds=1)
    write(timing())
    assert (len(rows()), count(sql.TimingStats)) == (5, 0)
    write(timing())
    write(timing())
    assert len(rows()) == 4, "only what is old is swept"


def old_stats() -> dict[str, object]:
    name = {"method": "GET", "path": "/panels", "method_path": "GET_/panels"}
    return {"created_at": clock.now(), "count": 0, "alert_threshold_ms": 1.0, "in_alert": False, **name}


def count(table: type[sql.Base]) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_the_sweep_takes_more_than_a_batch_brings() -> None:
    assert timing_buffer.SWEPT_AT_ONCE > timing_buffer.BATCH
