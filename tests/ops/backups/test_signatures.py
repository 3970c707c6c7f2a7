"""Only backups that this installation has signed are restored, unless the command line says otherwise."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Table

from ninepanels import clock
from ninepanels import config
from ninepanels.database import Database
from ninepanels.ops.backups import files
from ninepanels.ops.backups.sqlite import Sqlite

from ...support.backends import on_sqlite
from ...support.filling import rows_of
from ..conftest import execute_sql
from .conftest import Installation
from .conftest import all_of
from .conftest import seal
from .conftest import signature_path

pytestmark = on_sqlite
TRUST = "--trust-this-file"


def test_an_unsigned_backup_is_restored_only_if_it_is_trusted(filled: Installation) -> None:
    file = filled.dump()
    signature_path(file).unlink()
    execute_sql(filled.database_url, "DELETE FROM users")
    assert TRUST in filled.error_of("restore", "--yes", str(file))
    filled.restore(file, TRUST)
    assert rows_of(filled.database_url)["users"]


def test_a_backup_of_another_installation_is_restored_only_with_its_key_or_if_it_is_trusted(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    ours = config.VAR / files.KEY
    monkeypatch.setattr(config, "VAR", tmp_path / "another" / "var")
    line = f"is not signed with the key of this installation, {config.VAR}/backup.key"
    for other_key in ("", "0" * 64):
        if other_key:
            config.VAR.mkdir(parents=True)
            (config.VAR / files.KEY).write_text(other_key)
        message = filled.error_of("restore", "--yes", str(file))
        assert line in message
        assert TRUST in message
    filled.restore(file, TRUST)
    shutil.copy(ours, config.VAR)
    filled.restore(file)


def test_a_backup_whose_rows_were_changed_is_refused_although_its_checksum_matches(filled: Installation) -> None:
    file = filled.dump()
    signature = signature_path(file).read_text()
    content = file.read_bytes()
    file.write_bytes(content.replace(b"1@example.com", b"9@example.com", 1))
    seal(file)
    signature_path(file).write_text(signature)
    assert "is not signed with the key of this installation" in filled.error_of("restore", "--yes", str(file))


def test_a_backup_that_is_replaced_after_it_was_verified_is_refused(
    filled: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled.dump()
    original, load = file.rename(file.with_suffix(".original")), Sqlite.load
    shutil.copy(original, file)

    def replace_and_load(dumps: Sqlite, path: Path, tables: list[Table], staging: Database) -> None:
        path.unlink()
        shutil.copy(original, path)
        load(dumps, path, tables, staging)

    monkeypatch.setattr(Sqlite, "load", replace_and_load)
    assert "was changed while it was read" in filled.error_of("restore", "--yes", str(file))


def test_the_key_and_the_backups_are_private_and_no_symbolic_link_is_followed(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    expected = filled.folder / f"{now:{files.TIME_FORMAT}}_TEST_full.db"
    victim = tmp_path / "victim"
    victim.write_text("precious")
    filled.folder.mkdir()
    for planted in all_of(expected) - {expected}:
        planted.symlink_to(victim)
    filled.call("full")
    assert victim.read_text() == "precious"
    for path in (*all_of(expected), config.VAR / files.KEY):
        assert (path.is_symlink(), oct(path.stat().st_mode & 0o777)) == (False, "0o600")
