"""A restore takes rows from a dump and nothing else: whatever a dump contains, it runs no code."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ninepanels import sqlmodels as sql

from ...support.backends import on_postgresql
from ...support.backends import on_sqlite
from ...support.filling import rows_of
from ...support.postgres import PostgresServer
from ..conftest import execute_sql
from .conftest import KINDS
from .conftest import Installation
from .conftest import seal

IS_ADMIN = sql.User.__table__.columns.keys().index("is_admin")


@on_sqlite
def test_triggers_and_views_of_a_dump_are_left_out(filled: Installation) -> None:
    execute_sql(
        filled.database_url,
        "CREATE TRIGGER promote AFTER UPDATE ON users BEGIN UPDATE users SET is_admin = true; END",
        "CREATE VIEW everyone AS SELECT * FROM users",
    )
    filled.restore(filled.dump())
    execute_sql(filled.database_url, "UPDATE users SET name = 'Ada' WHERE id = 1")
    assert not any(row[IS_ADMIN] for row in rows_of(filled.database_url)["users"])
    with closing(sqlite3.connect(filled.database_url.removeprefix("sqlite:///"))) as connection:
        assert not connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'view')").fetchall()


@on_postgresql
def test_functions_triggers_and_views_of_a_dump_are_left_out(
    filled: Installation, postgres_server: PostgresServer
) -> None:
    ran = postgres_server.folder / "ran"
    run = f"COPY (SELECT 1) TO PROGRAM ''cat > {ran}''"
    execute_sql(
        filled.database_url,
        f"CREATE FUNCTION run() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE '{run}'; RETURN 1; END $$",
        "CREATE MATERIALIZED VIEW runs AS SELECT run()",
        "CREATE FUNCTION promote() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.is_admin = true; RETURN NEW; END $$",
        "CREATE TRIGGER promote BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION promote()",
    )
    assert ran.exists(), "the function runs a program"
    ran.unlink()
    filled.restore(filled.dump())
    assert not ran.exists()
    execute_sql(filled.database_url, "UPDATE users SET name = 'Ada' WHERE id = 1")
    assert not any(row[IS_ADMIN] for row in rows_of(filled.database_url)["users"])
    names = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    assert postgres_server.execute(names, "test") == []


@on_postgresql
@pytest.mark.parametrize("kind", KINDS)
def test_statements_of_a_dump_are_not_executed(
    filled: Installation, kind: str, postgres_server: PostgresServer
) -> None:
    file, ran = filled.dump(kind), postgres_server.folder / "ran"
    content = file.read_bytes()
    statement = re.findall(rb"COPY public\.timing_stats [^;]*;\n", content)[0]
    planted = f"COPY (SELECT 1) TO PROGRAM 'cat > {ran}'; --".ljust(len(statement) - 1).encode() + b"\n"
    file.write_bytes(content.replace(statement, planted))
    seal(file)
    assert "does not have the table timing_stats" in filled.error_of("restore", "--yes", str(file))
    assert not ran.exists()


@on_postgresql
def test_a_table_that_a_dump_has_twice_is_refused(filled: Installation, postgres_server: PostgresServer) -> None:
    execute_sql(filled.database_url, "CREATE SCHEMA more", "CREATE TABLE more.users AS SELECT * FROM users")
    try:
        file = filled.dump()
    finally:
        postgres_server.execute("DROP SCHEMA more CASCADE", "test")
    assert "does not have the table users" in filled.error_of("restore", "--yes", str(file))


@on_sqlite
def test_values_that_do_not_match_their_column_are_refused(filled: Installation) -> None:
    file = filled.dump()
    original = file.read_bytes()
    for statement in (
        "UPDATE users SET name = x'00' WHERE id = 1",
        "UPDATE users SET name = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE users SET created_at = 'yesterday' WHERE id = 1",
        "UPDATE users SET token_generation = 'many' WHERE id = 20",
        "UPDATE panels SET title = hex(zeroblob(33)) WHERE id = 1",
        "UPDATE panels SET first_day = '2026-02-30' WHERE id = 1",
        "UPDATE outbox SET about = 'not JSON' WHERE id = 1",
        "UPDATE timings SET event_id = 'not a UUID' WHERE rowid = 1",
        "UPDATE entries SET user_id = 999 WHERE id = 1",
    ):
        file.write_bytes(original)
        change(file, statement)
        assert " is damaged: " in filled.error_of("restore", "--yes", str(file)), statement


@on_sqlite
def test_a_view_or_a_generated_column_in_place_of_a_table_is_refused(filled: Installation) -> None:
    file = filled.dump()
    original = file.read_bytes()
    for statements in (
        ["ALTER TABLE users RENAME TO people", "CREATE VIEW users AS SELECT * FROM people"],
        ["ALTER TABLE users ADD COLUMN score AS (length(name))"],
        ["ALTER TABLE users ADD COLUMN score INTEGER"],
        ["DROP TABLE route_settings"],
    ):
        file.write_bytes(original)
        change(file, *statements)
        assert "is not a dump of Nine Panels, or is damaged" in filled.error_of("restore", "--yes", str(file))


def change(file: Path, *statements: str) -> None:
    """Execute statements in a dump of SQLite, without checks of foreign keys."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    seal(file)
