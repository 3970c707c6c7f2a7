"""Dumps that are damaged, foreign or newer than this release are refused before anything is replaced."""

import os
import shutil
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from ninepanels import crud
from ninepanels.ops.migrations import migrate

from ...support.backends import on_postgresql
from ...support.backends import on_sqlite
from ...support.filling import fill
from ...support.filling import rows_of
from ...support.postgres import PostgresServer
from ..conftest import execute_sql
from .conftest import KINDS
from .conftest import Installation
from .conftest import checksum_path
from .conftest import seal


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_dump_is_refused(filled: Installation, kind: str) -> None:
    file = filled.dump(kind)
    content = bytearray(file.read_bytes())
    for offset in range(1_000, len(content), 1_000):
        content[offset] ^= 0xFF
    file.write_bytes(content)
    assert "does not match its checksum" in filled.error_of("restore", "--yes", str(file))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("position", [0.2, 0.9])
def test_a_damaged_dump_with_a_matching_checksum_is_refused(filled: Installation, kind: str, position: float) -> None:
    file = filled.dump(kind)
    content = bytearray(file.read_bytes())
    middle = int(len(content) * position)
    content[middle : middle + 4_096] = bytes(byte ^ 0xFF for byte in content[middle : middle + 4_096])
    file.write_bytes(content)
    seal(file)
    assert filled.error_of("restore", "--yes", str(file))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("position", [0.01, 0.9])
def test_a_truncated_dump_with_a_matching_checksum_is_refused(filled: Installation, kind: str, position: float) -> None:
    file = filled.dump(kind)
    os.truncate(file, int(file.stat().st_size * position))
    seal(file)
    assert filled.error_of("restore", "--yes", str(file))


def test_a_truncated_dump_is_refused(filled: Installation) -> None:
    file = filled.dump()
    os.truncate(file, file.stat().st_size - 1)
    assert "does not match its checksum" in filled.error_of("restore", "--yes", str(file))


def test_a_dump_without_a_checksum_is_refused(filled: Installation) -> None:
    file = filled.dump()
    checksum_path(file).unlink()
    assert f"its checksum {checksum_path(file)} does not exist" in filled.error_of("restore", "--yes", str(file))


def test_a_missing_file_is_refused(filled: Installation, tmp_path: Path) -> None:
    assert filled.error_of("restore", "--yes", str(tmp_path / "no.db")) == f"The file {tmp_path}/no.db does not exist."


def test_a_file_that_is_not_a_dump_is_refused(filled: Installation, tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("These are my notes.")
    seal(file)
    assert "is not a dump of Nine Panels" in filled.error_of("restore", "--yes", str(file))


def test_a_dump_of_the_other_database_system_is_refused(
    filled: Installation, backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if backend == "sqlite":
        file, names = tmp_path / "other.dump", "PostgreSQL, but this database is SQLite"
        file.write_bytes(b"PGDMP and so on")
    else:
        file, names = tmp_path / "other.db", "SQLite, but this database is PostgreSQL"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
    seal(file)
    assert names in filled.error_of("restore", "--yes", str(file))


def test_a_dump_of_a_newer_schema_is_refused(filled: Installation) -> None:
    execute_sql(filled.database_url, "UPDATE alembic_version SET version_num = 'fedcba987654'")
    file = filled.dump()
    execute_sql(filled.database_url, f"UPDATE alembic_version SET version_num = '{crud.schema.REVISION}'")  # noqa: S608 - our own
    assert "'fedcba987654', which this release does not know" in filled.error_of("restore", "--yes", str(file))


@on_sqlite
@pytest.mark.parametrize("tables", [["notes (body)"], ["notes (body)", "alembic_version (version_num)"]])
def test_a_dump_of_another_project_is_refused(filled: Installation, tmp_path: Path, tables: list[str]) -> None:
    file = tmp_path / "notes.db"
    for table in tables:
        execute_sql(f"sqlite:///{file}", f"CREATE TABLE {table}")
        execute_sql(f"sqlite:///{file}", f"INSERT INTO {table.split()[0]} VALUES ('594bed1947a4')")  # noqa: S608 - our own
    seal(file)
    assert "is not a dump of Nine Panels" in filled.error_of("restore", "--yes", str(file))


def test_restore_refuses_a_database_with_unknown_tables(filled: Installation) -> None:
    file = filled.dump()
    execute_sql(filled.database_url, "CREATE TABLE notes (body text)")
    try:
        assert "contains tables that this release does not know: notes" in filled.error_of(
            "restore", "--yes", str(file)
        )
    finally:
        execute_sql(filled.database_url, "DROP TABLE notes")


@on_postgresql
def test_restore_refuses_a_database_with_tables_of_another_project_in_their_own_schema(
    filled: Installation, postgres_server: PostgresServer
) -> None:
    file = filled.dump()
    execute_sql(filled.database_url, "CREATE SCHEMA other", "CREATE TABLE other.users (body text)")
    try:
        assert "that this release does not know: other.users" in filled.error_of("restore", "--yes", str(file))
    finally:
        postgres_server.execute("DROP SCHEMA other CASCADE", "test")


@on_postgresql
def test_restore_refuses_a_database_with_a_connection_that_its_role_cannot_end(
    filled: Installation, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres_server.execute("CREATE ROLE ordinary LOGIN CREATEDB")
    postgres_server.execute("CREATE DATABASE ordinary OWNER ordinary")
    url = postgres_server.url("ordinary").replace("postgres@", "ordinary@")
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", url)
    ordinary = Installation(url, filled.folder)
    try:
        migrate(url)
        fill(url)
        file = ordinary.dump()
        ordinary.restore(file)
        rows = rows_of(url)
        with (
            closing(psycopg2.connect(postgres_server.url("ordinary").replace("+psycopg2", ""))),
            pytest.raises(SystemExit, match="Another role is connected to the database ordinary"),
        ):
            ordinary.restore(file)
        assert rows_of(url) == rows
    finally:
        postgres_server.drop_database("ordinary")
        postgres_server.execute("DROP ROLE ordinary")


def test_a_dump_of_an_earlier_schema_is_migrated(empty_installation: Installation) -> None:
    migrate(empty_installation.database_url, "594bed1947a4")
    values = "7, 'ada@example.com', 'Ada', 'x', false, 'UTC', 0, '2026-11-23 12:00:00'"
    columns = "id, email, name, hashed_password, is_admin, timezone, day_starts_at, created_at"
    execute_sql(empty_installation.database_url, f"INSERT INTO users ({columns}) VALUES ({values})")  # noqa: S608 - our own
    file = empty_installation.dump()
    execute_sql(empty_installation.database_url, "DELETE FROM users")
    empty_installation.restore(file)
    assert [row[:2] for row in rows_of(empty_installation.database_url)["users"]] == [(7, "ada@example.com")]
