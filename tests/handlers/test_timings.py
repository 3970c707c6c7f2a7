"""The handler that writes timings to the database. Batches and retries are tested in tests/queues."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy import func
from sqlalchemy import select

from ninepanels import clock
from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels import sqlmodels as sql
from ninepanels.database import database
from ninepanels.handlers import timings

from ..conftest import Clock

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
    """A queue without a worker."""
    event_queue = queues.EventQueue()
    monkeypatch.setattr(queues, "event_queue", event_queue)
    return event_queue


def rows() -> list[sql.Timing]:
    with database.transaction() as session:
        return list(session.scalars(select(sql.Timing)))


def write(*events: pyd.Event) -> None:
    asyncio.run(timings.handle_timing_created_for_the_database(KEEP, events))


def test_a_timing_is_written_as_it_was_emitted() -> None:
    emitted = timing()
    write(emitted)
    [row] = rows()
    assert isinstance(emitted.payload, pyd.TimingCreated)
    expected = {"event_id": emitted.event_id, "created_at": emitted.created_at, "request_id": "mine"}
    from_payload = {name: getattr(emitted.payload, name) for name in type(emitted.payload).model_fields}
    del from_payload["user_id"]
    assert {column.key: getattr(row, column.key) for column in sql.Timing.__table__.columns} == expected | from_payload


def test_a_written_batch_emits_an_event_with_its_routes(event_queue: queues.EventQueue) -> None:
    write(timing("POST_/panels"), timing("GET_/panels"), timing("POST_/panels"))
    emitted = event_queue.get_nowait()
    assert emitted.payload == pyd.TimingsPersisted(count=3, method_paths=["GET_/panels", "POST_/panels"])


def test_a_batch_is_one_insert() -> None:
    statements: list[str] = []
    for engine in (database.engine, database.autocommit):
        event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(str(arguments[2])))
    write(*(timing() for _ in range(10)))
    assert len([statement for statement in statements if statement.startswith("INSERT INTO timings")]) == 1


def test_a_timing_written_twice_is_stored_once() -> None:
    emitted = timing()
    write(emitted)
    write(emitted, timing())
    assert len(rows()) == 2


def test_expired_rows_are_swept_in_small_batches(wall_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timings, "SWEEP_LIMIT", 2)
    write(*(timing() for _ in range(5)))
    with database.transaction() as work:
        work.add(sql.TimingStats(**old_stats()))
    wall_clock.now += KEEP
    write(timing())
    assert (len(rows()), count(sql.TimingStats)) == (6, 1), "rows are kept until they expire"
    wall_clock.now += timedelta(microseconds=1)
    write(timing())
    assert (len(rows()), count(sql.TimingStats)) == (5, 0)
    write(timing())
    write(timing())
    assert len(rows()) == 4, "only expired rows are swept"


def old_stats() -> dict[str, object]:
    name = {"method": "GET", "path": "/panels", "method_path": "GET_/panels"}
    return {"created_at": clock.now(), "count": 0, "alert_threshold_ms": 1.0, "in_alert": False, **name}


def count(table: type[sql.Base]) -> int:
    with database.connection() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_sweep_deletes_more_rows_than_a_batch_adds() -> None:
    assert timings.SWEEP_LIMIT > timings.BATCH_SIZE
