"""The files of backups: what they are called, where they are, what they hold, whether they are whole."""

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
WAIT_S = 0.1
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"(?P<time>\d{8}T\d{6}Z)_(?P<env>[A-Z]+)_(?P<kind>full|data)\.(dump|db)")


class Kind(StrEnum):
    """What is in a dump."""

    FULL = "full"
    DATA = "data"


@dataclass
class Contents:
    """What a dump says about itself: how many rows each table has, and which revision of the schema they are of."""

    kind: Kind
    revision: str
    counts: dict[str, int]


def reserve(settings: Settings, kind: Kind, dialect: str) -> Path:
    """Return the path of a new backup; beside it there is now an empty file `.part`, so that it is nobody else's."""
    settings.backup_dir.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    while True:
        name = f"{clock.now().strftime(TIME_FORMAT)}_{settings.env}_{kind}.{SUFFIXES[dialect]}"
        path = settings.backup_dir.absolute() / name
        try:
            part_of(path).touch(mode=stat.S_IRUSR | stat.S_IWUSR, exist_ok=False)
        except FileExistsError:
            # Another one began in this second.
            time.sleep(WAIT_S)
            continue
        if not path.exists():
            return path
        part_of(path).unlink()
        time.sleep(WAIT_S)


def part_of(path: Path) -> Path:
    """Return the path of a backup that is not complete yet."""
    return path.with_name(f"{path.name}.part")


def discard(path: Path) -> None:
    """Remove what there is of a backup that is not complete, and what SQLite may have put beside it."""
    for file in path.parent.glob(f"{part_of(path).name}*"):
        file.unlink()


def complete(settings: Settings, kind: Kind) -> list[Path]:
    """Return the complete backups of this environment, newest first."""
    found = [path for path in settings.backup_dir.absolute().glob("*") if _is_of(path, settings, kind)]
    return sorted(found, reverse=True)


def _is_of(path: Path, settings: Settings, kind: Kind) -> bool:
    name = NAME.fullmatch(path.name)
    return name is not None and (name["env"], name["kind"]) == (settings.env, kind) and _checksum_of(path).exists()


def _checksum_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def verify(path: Path) -> None:
    """Return when a file is what its checksum says.

    Raises:
        Refused: it is not, or there is no checksum, or no file.
    """
    if not path.is_file():
        raise exceptions.OperationRefused(f"There is no file {path}.")
    if not _checksum_of(path).is_file():
        raise exceptions.OperationRefused(
            f"There is no checksum beside it ({_checksum_of(path)}), so {path} is not restored."
        )
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if _checksum_of(path).read_text(errors="replace").split()[:1] != [digest]:
        raise exceptions.OperationRefused(f"{path} is not what its checksum says: it is damaged, or another file.")
