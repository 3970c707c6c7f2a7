"""Queries on the schema itself."""

from functools import cache
from typing import NamedTuple

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Inspector
from sqlalchemy import inspect
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Session

from .. import environments
from .. import exceptions
from .. import sqlmodels as sql


class ColumnInfo(NamedTuple):
    """A column as the database has it, and the keys it is part of."""

    name: str
    type: str
    nullable: bool
    keys: list[str]


def alembic_config() -> Config:
    """Return Alembic's configuration of this project."""
    return Config(environments.ROOT / "alembic.ini")


def read_revision(session: Session) -> str | None:
    """Return the revision the database is at, None when it has no schema yet."""
    return MigrationContext.configure(session.connection()).get_current_revision()


@cache
def head() -> str | None:
    """Return the revision this release is written for."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def read_tables(session: Session) -> dict[str, list[ColumnInfo]]:
    """Return the tables that are there, whatever the models say, and their columns."""
    inspector = inspect(session.connection())
    return {table: _columns(inspector, table) for table in sorted(inspector.get_table_names())}


def drop_all(session: Session) -> None:
    """Drop the tables of the models and Alembic's, and with them every row.

    Raises:
        Refused: something that is not ours depends on one of them.
    """
    connection = session.connection()
    try:
        sql.Base.metadata.drop_all(connection)
    except (IntegrityError, InternalError) as error:
        raise exceptions.Refused(
            "Another table or view of this database depends on these; nothing was dropped."
        ) from error
    connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def _columns(inspector: Inspector, table: str) -> list[ColumnInfo]:
    return [
        ColumnInfo(
            name=column["name"],
            type=column["type"].compile(inspector.dialect),
            nullable=column["nullable"],
            keys=_keys(inspector, table, column["name"]),
        )
        for column in inspector.get_columns(table)
    ]


def _keys(inspector: Inspector, table: str, column: str) -> list[str]:
    primary = inspector.get_pk_constraint(table)["constrained_columns"]
    unique = [constraint["column_names"] for constraint in inspector.get_unique_constraints(table)]
    foreign = [
        f"-> {key['referred_table']}.{referred}"
        for key in inspector.get_foreign_keys(table)
        for constrained, referred in zip(key["constrained_columns"], key["referred_columns"], strict=True)
        if constrained == column
    ]
    return [
        *(["primary"] if column in primary else []),
        *(f"unique ({', '.join(names)})" for names in unique if column in names),
        *foreign,
    ]
