"""Queries on the database schema."""

from typing import NamedTuple

from sqlalchemy import Inspector
from sqlalchemy import Table
from sqlalchemy import column
from sqlalchemy import func
from sqlalchemy import inspect
from sqlalchemy import select
from sqlalchemy import table
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Session

from .. import clock
from .. import exceptions
from .. import sqlmodels as sql
from .executor import Executor
from .executor import connection_of
from .executor import dialect

REVISION = "a6e0c4d7b215"
"""The revision this release requires: the newest in alembic/versions."""

VERSION_TABLE = "alembic_version"
"""The table in which Alembic stores the revision."""

_SQLITE_ADD = text(
    "INSERT INTO sqlite_sequence (name, seq)"
    " SELECT :name, 0 WHERE NOT EXISTS (SELECT * FROM sqlite_sequence WHERE name = :name)"
)
_SQLITE_ADVANCE = text("UPDATE sqlite_sequence SET seq = max(seq, :floor) WHERE name = :name")


class ColumnInfo(NamedTuple):
    """A column as reflected from the database, and the keys it belongs to."""

    name: str
    type: str
    nullable: bool
    keys: list[str]


def read_revision(executor: Executor) -> str | None:
    """Return the schema revision of the database, or None if it has no schema."""
    if not inspect(connection_of(executor)).has_table(VERSION_TABLE):
        return None
    revision: str | None = executor.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return revision


def read_release(executor: Executor) -> tuple[int, ...]:
    """Return the version of the release that migrated the database last, (0, 0, 0) if that did not write it."""
    if dialect(executor) == "sqlite":
        version = executor.scalar(text("PRAGMA user_version")) or 0
        return version // 1_000_000, version // 1_000 % 1_000, version % 1_000
    comment = executor.scalar(select(func.obj_description(func.to_regclass(VERSION_TABLE), "pg_class")))
    return tuple(int(part) for part in (comment or "0.0.0").split("."))


def write_release(executor: Executor, release: tuple[int, ...]) -> None:
    """Write the version of the release that migrates the database: to where earlier releases ignore it."""
    if dialect(executor) == "sqlite":
        major, minor, patch = release
        executor.execute(text(f"PRAGMA user_version = {major * 1_000_000 + minor * 1_000 + patch:d}"))
    else:
        executor.execute(text(f"COMMENT ON TABLE {VERSION_TABLE} IS '{'.'.join(map(str, release))}'"))


def count_rows(executor: Executor) -> dict[str, int]:
    """Return the number of rows of each table except Alembic's."""
    names = set(inspect(connection_of(executor)).get_table_names()) - {VERSION_TABLE}
    return {name: executor.scalar(select(func.count()).select_from(table(name))) or 0 for name in sorted(names)}


def advance_sequences(session: Session) -> None:
    """Advance each id sequence past the ids of all rows, including those that were lost when a backup was restored.

    A client may still have a lost id, which must not become that of another row. The sequences advance to the
    milliseconds since 1970: in each millisecond since the last restore, less than one row was inserted on average.
    """
    floor = clock.milliseconds()
    for each in sql.Base.metadata.sorted_tables:
        advance_sequence(session, each, floor)


def advance_sequence(session: Session, of_table: Table, floor: int) -> None:
    """Advance the id sequence of a table, if it has one, past the ids of all rows and to `floor`."""
    ids = of_table.autoincrement_column
    if ids is None:
        return
    if dialect(session) == "sqlite":
        # SQLite itself advances the sequence past the ids that are inserted. Without any, the sequence does not exist.
        session.execute(_SQLITE_ADD, {"name": of_table.name})
        session.execute(_SQLITE_ADVANCE, {"name": of_table.name, "floor": floor})
        return
    sequence = func.pg_get_serial_sequence(of_table.name, ids.name)
    highest = select(func.max(ids)).scalar_subquery()
    session.execute(select(func.setval(sequence, func.greatest(highest, func.nextval(sequence), floor))))


def read_tables(executor: Executor) -> dict[str, list[ColumnInfo]]:
    """Return the columns of each table, reflected from the database rather than read from the models."""
    inspector = inspect(connection_of(executor))
    return {name: _columns(inspector, name) for name in sorted(inspector.get_table_names())}


def drop_all(session: Session) -> None:
    """Drop the tables of the models and Alembic's version table.

    Raises:
        OperationRefused: another table or view depends on one of them.
    """
    connection = session.connection()
    try:
        sql.Base.metadata.drop_all(connection)
    except (IntegrityError, InternalError) as error:
        raise exceptions.OperationRefused(
            "Another table or view of this database depends on these; nothing was dropped."
        ) from error
    connection.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))


def _columns(inspector: Inspector, name: str) -> list[ColumnInfo]:
    return [
        ColumnInfo(
            name=column["name"],
            type=column["type"].compile(inspector.dialect),
            nullable=column["nullable"],
            keys=_keys(inspector, name, column["name"]),
        )
        for column in inspector.get_columns(name)
    ]


def _keys(inspector: Inspector, name: str, column: str) -> list[str]:
    primary = inspector.get_pk_constraint(name)["constrained_columns"]
    unique = [constraint["column_names"] for constraint in inspector.get_unique_constraints(name)]
    foreign = [
        f"-> {key['referred_table']}.{referred}"
        for key in inspector.get_foreign_keys(name)
        for constrained, referred in zip(key["constrained_columns"], key["referred_columns"], strict=True)
        if constrained == column
    ]
    return [
        *(["primary"] if column in primary else []),
        *(f"unique ({', '.join(names)})" for names in unique if column in names),
        *foreign,
    ]
