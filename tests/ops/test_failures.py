"""The line with which a command ends."""

import errno

import pytest

from ninepanels.ops import failures


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a.dump"), "a.dump: No such file or directory"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), r"\[Errno \d+\] Disk quota exceeded"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_an_error_of_the_system_is_named_with_its_file_if_it_has_one(error: OSError, line: str) -> None:
    with pytest.raises(SystemExit, match=f"^{line}$"), failures.reported():
        raise error
