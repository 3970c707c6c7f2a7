"""Files are private, and none is written through a symbolic link."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool

from ninepanels import exceptions
from ninepanels import private_files
from ninepanels.database import make_engine


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The usual umask, with which other users can read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """A symbolic link to a file with text."""
    (tmp_path / "target").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    return tmp_path / "link"


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_the_folders_around_a_new_folder_are_private_whatever_the_umask(tmp_path: Path) -> None:
    os.umask(0)
    private_files.make_folder(tmp_path / "srv" / "nine" / "backups")
    private_files.make_folder(tmp_path / "srv" / "nine" / "backups")
    assert {mode(path) for path in tmp_path.glob("srv/**")} == {"0o700"}


def test_a_written_file_is_private_and_replaces_a_link(link: Path, tmp_path: Path) -> None:
    private_files.write(link, b"new")
    assert (link.read_text(), link.is_symlink(), mode(link)) == ("new", False, "0o600")
    assert (tmp_path / "target").read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} == {"link", "target"}


def test_a_file_is_not_created_in_place_of_a_link_even_to_nothing(link: Path, tmp_path: Path) -> None:
    (tmp_path / "to nothing").symlink_to(tmp_path / "nothing")
    for path in (link, tmp_path / "to nothing"):
        with pytest.raises(FileExistsError):
            private_files.create(path)
        private_files.write_once(path, b"new")
    assert (link.read_text(), (tmp_path / "nothing").exists()) == ("precious", False)


def test_a_new_database_and_its_journals_are_private(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new.db", poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (body)")
        assert {path.name: mode(path) for path in tmp_path.iterdir()} == dict.fromkeys(
            ("new.db", "new.db-wal", "new.db-shm"), "0o600"
        )


def test_a_database_is_not_created_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "new.db").symlink_to(tmp_path / "elsewhere")
    engine = make_engine(f"sqlite:///{tmp_path}/new.db", poolclass=NullPool)
    with pytest.raises(exceptions.SettingsInvalid, match=r"new\.db is a symbolic link to a file that does not exist"):
        engine.connect()
    assert not (tmp_path / "elsewhere").exists()
