"""Files that only the user of this process can read. A test requires that no other module creates or writes files.

The name of a file can be known before the file is written, and other users may be able to write into its folder.
Therefore no file is written through a symbolic link: it would lead the content to a file of their choice.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MODE = stat.S_IRUSR | stat.S_IWUSR


def make_folder(path: Path) -> None:
    """Create a folder, unless it exists, and those that contain it.

    `parents=True` of `mkdir` would make those with the permissions of the umask: another user could then replace this
    folder.
    """
    if not path.parent.exists():
        make_folder(path.parent)
    path.mkdir(mode=stat.S_IRWXU, exist_ok=True)


def create(path: Path) -> BinaryIO:
    """Create a file and open it for writing.

    Raises:
        FileExistsError: the name is taken, perhaps by a symbolic link.
    """
    return open(path, "xb", opener=_open)


def write(path: Path, content: bytes) -> None:
    """Write a file atomically. It replaces the file or the symbolic link that has the name."""
    with _draft(path, content) as draft:
        draft.replace(path)


def write_once(path: Path, content: bytes) -> None:
    """Write a file atomically, unless the file exists. If several processes write it, the first one succeeds."""
    with _draft(path, content) as draft, contextlib.suppress(FileExistsError):
        # Creating a hard link is atomic, and fails if the name is taken.
        os.link(draft, path)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, MODE)


@contextlib.contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """Write the content to a file beside `path`, and delete it at the end of the block if it is still there."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        with create(draft) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
