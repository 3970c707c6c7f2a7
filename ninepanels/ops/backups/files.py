"""Backup files: names, paths, checksums and signatures."""

import hashlib
import hmac
import re
import time
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from ... import clock
from ... import config
from ... import exceptions
from ... import private_files
from ...config import Settings

SUFFIXES = {"postgresql": "dump", "sqlite": "db"}
RETRY_S = 0.1
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"(?P<time>\d{8}T\d{6}Z)_(?P<env>[A-Z]+)_(?P<kind>full|data)\.(dump|db)")
KEY = "backup.key"
"""The file, beside the embedded database, with the key that signs the backups of this installation."""
TRUST = "--trust-this-file"
"""The option with which a backup without a valid signature is restored."""


State = tuple[int, ...]
"""What identifies a file and its content: a change of either changes it."""


class Kind(StrEnum):
    """The kind of a dump: schema and rows, or rows only."""

    FULL = "full"
    DATA = "data"


def reserve(settings: Settings, kind: Kind, dialect: str) -> tuple[Path, BinaryIO]:
    """Return the path of a new backup, and its file: it has the suffix `.part` until it is published."""
    private_files.make_folder(settings.backup_dir)
    while True:
        name = f"{clock.now().strftime(TIME_FORMAT)}_{settings.env}_{kind}.{SUFFIXES[dialect]}"
        path = settings.backup_dir.absolute() / name
        try:
            file = private_files.create(_part_of(path))
        except FileExistsError:
            # Another backup started in the same second.
            time.sleep(RETRY_S)
            continue
        if not path.exists():
            return path, file
        file.close()
        _part_of(path).unlink()
        time.sleep(RETRY_S)


def publish(path: Path) -> None:
    """Give a complete backup its name, after its checksum and its signature are written."""
    part = _part_of(path)
    private_files.sync(part)
    digest = _digest_of(part)
    private_files.write(_checksum_of(path), f"{digest}  {path.name}\n".encode())
    private_files.write(_signature_of(path), f"{_sign(digest)}  {path.name}\n".encode())
    part.replace(path)
    private_files.sync(path.parent)


def discard(path: Path) -> None:
    """Delete the files of an incomplete backup, including the journal files of SQLite."""
    for file in (*path.parent.glob(f"{_part_of(path).name}*"), _checksum_of(path), _signature_of(path)):
        file.unlink(missing_ok=True)


def delete(path: Path) -> None:
    """Delete a backup with its checksum and its signature."""
    for file in (path, _checksum_of(path), _signature_of(path)):
        file.unlink(missing_ok=True)


def complete(settings: Settings, kind: Kind) -> list[Path]:
    """Return the complete backups of this environment, newest first."""
    found = [path for path in settings.backup_dir.absolute().glob("*") if _is_complete(path, settings, kind)]
    return sorted(found, reverse=True)


def verify(path: Path, *, is_trusted: bool) -> State:
    """Verify the checksum of a backup and, unless it `is_trusted`, its signature.

    Returns:
        The state of the file, for `require_unchanged`.

    Raises:
        OperationRefused: one of them does not match, or one of the files does not exist.
    """
    if not path.is_file():
        raise exceptions.OperationRefused(f"The file {path} does not exist.")
    if not _checksum_of(path).is_file():
        raise exceptions.OperationRefused(f"{path} is not restored: its checksum {_checksum_of(path)} does not exist.")
    state = _state_of(path)
    digest = _digest_of(path)
    if _first_word(_checksum_of(path)) != digest:
        raise exceptions.OperationRefused(f"{path} does not match its checksum: it is damaged, or a different file.")
    if is_trusted:
        return state
    if not _signature_of(path).is_file():
        raise exceptions.OperationRefused(
            f"{path} is not restored: it has no signature {_signature_of(path)}. Backups of earlier releases have none."
            f" If you trust its contents, add {TRUST}."
        )
    if not _key().is_file() or not hmac.compare_digest(_first_word(_signature_of(path)), _sign(digest)):
        raise exceptions.OperationRefused(
            f"{path} is not restored: it is not signed with the key of this installation, {_key()}. Put the key there"
            f" that it was signed with or, if you trust its contents, add {TRUST}."
        )
    return state


def require_unchanged(path: Path, verified: State) -> None:
    """Check that a backup is the file that was verified.

    Its rows are read later than its signature. Another user who can write into its folder could replace it in between,
    but cannot set the time of the last change of a file.

    Raises:
        OperationRefused: the file was changed or replaced.
    """
    if _state_of(path) != verified:
        raise exceptions.OperationRefused(f"{path} was changed while it was read; nothing was restored.")


def other_table(path: Path, table: str) -> exceptions.OperationRefused:
    """Return the error for a dump without one of the tables, or with other columns."""
    return exceptions.OperationRefused(
        f"{path} is not a dump of Nine Panels, or is damaged: it does not have the table {table} of its revision."
    )


def other_rows(path: Path, table: str) -> exceptions.OperationRefused:
    """Return the error for a dump with rows that the table does not accept."""
    return exceptions.OperationRefused(f"{path} is damaged: a row of {table} does not match the table.")


def _is_complete(path: Path, settings: Settings, kind: Kind) -> bool:
    name = NAME.fullmatch(path.name)
    return name is not None and (name["env"], name["kind"]) == (settings.env, kind) and _checksum_of(path).exists()


def _part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _checksum_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _signature_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.hmac")


def _state_of(path: Path) -> State:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _digest_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _sign(digest: str) -> str:
    return hmac.new(config.read_or_generate(_key()).encode(), digest.encode(), "sha256").hexdigest()


def _key() -> Path:
    return config.VAR / KEY


def _first_word(path: Path) -> str:
    return path.read_text("ascii", errors="backslashreplace").partition(" ")[0].strip()
