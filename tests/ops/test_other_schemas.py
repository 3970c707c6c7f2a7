"""Databases of newer releases and damaged files: each command ends with one line that says what is needed."""

from pathlib import Path

import pytest

from ninepanels import crud
from ninepanels.database import connected
from ninepanels.ops import failures
from ninepanels.ops import release

from ..support.checkouts import assert_refuses_with_one_line
from ..support.checkouts import run
from .conftest import ManageData
from .conftest import execute_sql


def become_newer(database_url: str, version: tuple[int, ...]) -> None:
    """Give a database a revision that this release does not know, migrated by a release with this version."""
    execute_sql(database_url, "UPDATE alembic_version SET version_num = 'fedcba987654'")
    with connected(database_url) as database, database.transaction() as work:
        crud.schema.write_release(work, version)


@pytest.mark.parametrize("verb", ["run --port 0", "migrate"])
def test_a_newer_database_names_the_release_that_it_needs(
    checkout: Path, sqlite_template: Path, tmp_path: Path, verb: str
) -> None:
    database = tmp_path / "main.db"
    database.write_bytes(sqlite_template.read_bytes())
    become_newer(f"sqlite:///{database}", (99, 1, 12))
    result = run(["./mc.sh", *verb.split()], checkout, f"sqlite:///{database}")
    assert_refuses_with_one_line(result, "'fedcba987654', which this release, ")
    assert result.stderr.endswith("needs release 99.1.12 or newer.\n")


@pytest.mark.parametrize("verb", ["run --port 0", "migrate"])
def test_a_damaged_file_is_reported_with_what_to_do(checkout: Path, tmp_path: Path, verb: str) -> None:
    database = tmp_path / "main.db"
    database.write_text("not a database " * 1_000)
    result = run(["./mc.sh", *verb.split()], checkout, f"sqlite:///{database}")
    assert_refuses_with_one_line(result, failures.DAMAGED)


@pytest.mark.parametrize(
    ("version", "needed"),
    [((99, 1, 12), "release 99.1.12 or newer"), ((0, 0, 0), "the release that migrated it, or a newer one")],
)
def test_data_of_a_newer_database_is_not_read(
    manage_data: ManageData, migrated_url: str, version: tuple[int, ...], needed: str
) -> None:
    become_newer(migrated_url, version)
    assert str(manage_data(migrated_url, "read").code).endswith(f"it needs {needed}.")


def test_a_release_candidate_has_the_numbers_of_its_release(monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = release.about().model_copy(update={"version": "5.3.0rc1"})
    monkeypatch.setattr(release, "about", lambda: candidate)
    assert release.numbers() == (5, 3, 0)


def test_a_migration_writes_the_version_of_its_release(migrated_url: str) -> None:
    with connected(migrated_url) as database, database.connection() as connection:
        assert ".".join(map(str, crud.schema.read_release(connection))) == release.about().version
