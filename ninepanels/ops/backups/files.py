"""Backup files: names, paths and checksums."""

import hashlib
import re
import stat
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ... import clock
from ... import exceptions
from ...config import Settings

SUFFIXES = {"postgresql": "dump", "sqlite": "db"}
RETRY_S = 0.1
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"(?P<time>\d{8}T\d{6}Z)_(?P<env>[A-Z]+)_(?P<kind>full|data)\.(dump|db)")


class Kind(StrEnum):
    """The kind of a dump: schema and rows, or rows only."""

    FULL = "full"
    DATA = "data"


@dataclass
class Contents:
    """The contents of a dump: the revision of its schema and the row count of each table."""

    kind: Kind
    revision: str
    counts: dict[str, int]


def reserve(settings: Settings, kind: Kind, dialect: str) -> Path:
    """Return the path of a new backup. An empty file with the suffix `.part` reserves the name."""
    settings.backup_dir.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    while True:
        name = f"{clock.now().strftime(TIME_FORMAT)}_{settings.env}_{kind}.{SUFFIXES[dialect]}"
        path = settings.backup_dir.absolute() / name
        try:
            part_of(path).touch(mode=stat.S_IRUSR | stat.S_IWUSR, exist_ok=False)
        except FileExistsError:
            # Another backup started in the same second.
            time.sleep(RETRY_S)
            continue
        if not path.exists():
            return path
        part_of(path).unlink()
        time.sleep(RETRY_S)


def part_of(path: Path) -> Path:
    """Return the path of a backup while it is incomplete."""
    return path.with_name(f"{path.name}.part")


def discard(path: Path) -> None:
    """Delete the files of an incomplete backup, including the journal files of SQLite."""
    for file in path.parent.glob(f"{part_of(path).name}*"):
        file.unlink()


def complete(settings: Settings, kind: Kind) -> list[Path]:
    """Return the complete backups of this environment, newest first."""
    found = [path for path in settings.backup_dir.absolute().glob("*") if _is_complete(path, settings, kind)]
    return sorted(found, reverse=True)


def _is_complete(path: Path, settings: Settings, kind: Kind) -> bool:
    name = NAME.fullmatch(path.name)
    return name is not None and (name["env"], name["kind"]) == (settings.env, kind) and _checksum_of(path).exists()


def _checksum_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def verify(path: Path) -> None:
    """Verify the checksum of a backup.

    Raises:
        OperationRefused: the checksum does not match, or the file or its checksum does not exist.
    """
    if not path.is_file():
        raise exceptions.OperationRefused(f"The file {path} does not exist.")
    if not _checksum_of(path).is_file():
        raise exceptions.OperationRefused(f"{path} is not restored: its checksum {_checksum_of(path)} does not exist.")
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if _checksum_of(path).read_text(errors="replace").split()[:1] != [digest]:
        raise exceptions.OperationRefused(f"{path} does not match its checksum: it is damaged, or a different file.")
