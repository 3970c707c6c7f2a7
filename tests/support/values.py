"""Runs a test with several values in one test."""

import inspect
from collections.abc import Callable
from collections.abc import Iterable
from functools import update_wrapper
from typing import Any

Test = Callable[..., None]


def for_each(names: str | tuple[str, ...], values: Iterable[Any]) -> Callable[[Test], Test]:
    """Run a test with each value, as `pytest.mark.parametrize` does, but with the same fixtures.

    For values that leave nothing behind, such as invalid input: a user and an application for each of them would take
    most of the time.
    """
    all_names = [names] if isinstance(names, str) else list(names)

    def decorate(test: Test) -> Test:
        def test_all(**fixtures: Any) -> None:
            for value in values:
                try:
                    test(**fixtures, **dict(zip(all_names, [value] if isinstance(names, str) else value, strict=True)))
                except BaseException as error:
                    error.add_note(f"with {', '.join(all_names)} = {value!r:.500}")
                    raise

        update_wrapper(test_all, test)
        del test_all.__dict__["__wrapped__"]
        signature = inspect.signature(test)
        fixtures = [each for name, each in signature.parameters.items() if name not in all_names]
        vars(test_all)["__signature__"] = signature.replace(parameters=fixtures)
        return test_all

    return decorate
