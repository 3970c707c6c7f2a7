"""Tracebacks in the log, without messages that may contain personal data."""

import pytest
from sqlalchemy import exc

from ninepanels import exceptions
from ninepanels.observability import logs


def raise_from(cause: BaseException | None, error: BaseException) -> BaseException:
    try:
        raise error from cause  # noqa: TRY301 - sets the traceback
    except BaseException as raised_now:  # noqa: BLE001 - it is returned
        return raised_now


def test_a_traceback_contains_files_and_functions() -> None:
    described = logs.describe(raise_from(None, LookupError()))
    assert 'test_tracebacks.py", line' in described
    assert "in raise_from" in described


@pytest.mark.parametrize(
    "error",
    [
        ValueError("ada@example.com"),
        LookupError("hunter2"),
        exc.IntegrityError("INSERT", None, Exception("Key (email)=(ada@example.com) already exists")),
    ],
)
def test_messages_of_exceptions_are_left_out(error: Exception) -> None:
    described = logs.describe(raise_from(raise_from(None, error), RuntimeError("ada@example.com")))
    assert type(error).__qualname__ in described
    assert "ada@" not in described
    assert "hunter2" not in described


@pytest.mark.parametrize(
    ("error", "last_line"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: [Errno 111] Connection refused"),
        (exceptions.DatabaseUnavailable(context_msg="OperationalError"), "DatabaseUnavailable: OperationalError"),
        (exceptions.NotReady("The event worker has stopped."), "NotReady: The event worker has stopped."),
    ],
)
def test_messages_of_system_errors_are_kept(error: Exception, last_line: str) -> None:
    assert logs.describe(raise_from(None, error)).endswith(f"\n{last_line}")


def test_the_cause_of_an_exception_comes_first() -> None:
    described = logs.describe(raise_from(raise_from(None, KeyError()), RuntimeError()))
    assert described.index("KeyError") < described.index("RuntimeError")


def test_an_exception_raised_from_none_hides_its_context() -> None:
    def hide() -> None:
        try:
            raise KeyError  # noqa: TRY301 - as above
        except KeyError:
            raise RuntimeError from None

    with pytest.raises(RuntimeError) as caught:
        hide()
    assert "KeyError\n\n" not in logs.describe(caught.value)


def test_circular_causes_are_described_once() -> None:
    one, other = KeyError(), RuntimeError()
    one.__cause__, other.__cause__ = other, one
    assert logs.describe(one).count("Traceback") == 2
