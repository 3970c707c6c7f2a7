"""Disks without space, and disks that cannot be written."""

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

PAGE = 4_096


@contextlib.contextmanager
def full_disk(folder: Path, *files: Path, free: int) -> Iterator[None]:
    """Mount a small disk that contains copies of the files and has little free space.

    Only root can mount a disk. For other users, the size of each file is limited instead.
    """
    if is_root := os.geteuid() == 0:
        size = free + sum(-(-file.stat().st_size // PAGE) * PAGE for file in files)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for file in files:
            shutil.copy(file, folder)
        if not is_root:
            resource.setrlimit(resource.RLIMIT_FSIZE, (free, limits[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        if is_root:
            subprocess.run(["umount", folder], check=True)


def make_space(file: Path, process: int) -> None:
    """Delete a file on a full disk, so that a process can write to that disk."""
    file.unlink()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (hard, hard))


@contextlib.contextmanager
def read_only_disk(folder: Path, *files: Path) -> Iterator[None]:
    """Mount a disk that contains copies of the files and cannot be written. For other users than root, a folder."""
    if os.geteuid() != 0:
        for file in files:
            shutil.copy(file, folder)
            (folder / file.name).chmod(0o400)
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
        return
    with full_disk(folder, *files, free=PAGE):
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        yield
