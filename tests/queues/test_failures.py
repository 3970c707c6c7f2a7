"""Handlers that raise or hang: retries, the time limit, the log and the metrics."""

import pytest

from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels.queues import Handler

from ..support.events import UNAVAILABLE
from ..support.events import Listener
from ..support.events import UnavailableAtFirst
from ..support.events import counted
from ..support.events import emit_all
from ..support.events import errors_in
from ..support.events import handle_forever
from ..support.events import handle_with_error
from ..support.events import run
from ..support.events import user_id_of


@pytest.mark.parametrize("bad", [handle_with_error, UnavailableAtFirst(failures=1_000)])
def test_a_failing_handler_affects_no_other_handler_and_no_later_event(
    bad: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0,))
    before, after = Listener(), Listener()
    emit_all(1, 2)
    run([before.handle, bad, after.handle])
    assert (before.user_ids, after.user_ids) == ([1, 2], [1, 2])


def test_a_failure_is_logged_once_with_event_handler_and_attempts(caplog: pytest.LogCaptureFixture) -> None:
    emit_all(7)
    run([handle_with_error])
    [record] = errors_in(caplog)
    about = vars(record)
    assert (user_id_of(about["event"]), about["handler"], about["attempts"]) == (7, "events.handle_with_error", 1)
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError


def test_a_handler_is_retried_while_the_database_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0, 0.0))
    handler = UnavailableAtFirst(failures=3)
    emit_all(7)
    run([handler])
    assert handler.attempts == 4
    assert not errors_in(caplog)


def test_an_outage_that_outlasts_the_retries_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0))
    handler = UnavailableAtFirst(failures=1_000)
    emit_all(7)
    run([handler])
    [record] = errors_in(caplog)
    about = vars(record)
    assert handler.attempts == 3
    assert (user_id_of(about["event"]), about["handler"], about["attempts"]) == (7, UNAVAILABLE, 3)


def test_the_retry_delays_grow_up_to_a_limit() -> None:
    assert list(queues.RETRY_DELAYS_S) == sorted(queues.RETRY_DELAYS_S)
    assert queues.RETRY_DELAYS_S[-1] <= 60


def test_a_permanent_failure_is_not_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0))
    listener = Listener()

    async def handle(event: pyd.Event) -> None:
        await listener.handle(event)
        raise LookupError

    emit_all(7)
    run([handle])
    assert listener.user_ids == [7]


def test_a_handler_that_always_hangs_delays_no_other_handler() -> None:
    count = 3 * queues.HANDLER_CONCURRENCY
    listener = Listener(count)

    async def during() -> None:
        emit_all(*range(count))
        # `handle_forever` still hangs: HANDLER_TIMEOUT_S is longer than DEADLINE_S.
        await listener.wait_until_complete()

    lost = run([handle_forever, listener.handle], during, within_s=0)
    assert listener.user_ids == list(range(count))
    assert lost == count


def test_a_handler_that_exceeds_its_time_limit_is_cancelled_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queues, "HANDLER_TIMEOUT_S", 0.05)
    emit_all(7)
    run([handle_forever])
    [record] = errors_in(caplog)
    assert vars(record)["handler"] == "events.handle_forever"


def test_events_that_wait_behind_hanging_ones_are_handled_after_the_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queues, "HANDLER_TIMEOUT_S", 0.05)
    monkeypatch.setattr(queues, "HANDLER_CONCURRENCY", 2)
    listener = Listener()

    async def handle(event: pyd.Event) -> None:
        await (listener.handle(event) if user_id_of(event) == 3 else handle_forever(event))

    emit_all(1, 2, 3)
    run([handle])
    assert listener.user_ids == [3]


def test_handled_and_retried_events_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0, 0.0))
    names = {"handled": 1, "retried": 2, "failed": 0}
    before = {name: counted(f"ninepanels_events_{name}_total", handler=UNAVAILABLE) for name in names}
    emit_all(7)
    run([UnavailableAtFirst(failures=2)])
    after = {name: counted(f"ninepanels_events_{name}_total", handler=UNAVAILABLE) for name in names}
    assert {name: after[name] - before[name] for name in names} == names


def test_failed_events_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "RETRY_DELAYS_S", (0.0,))
    before = counted("ninepanels_events_failed_total", handler=UNAVAILABLE)
    emit_all(7)
    run([UnavailableAtFirst(failures=2)])
    assert counted("ninepanels_events_failed_total", handler=UNAVAILABLE) - before == 1
