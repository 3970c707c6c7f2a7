"""Queries that load the rows of a dump into tables that the migrations have made. A dump's own schema is never used."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Protocol

from sqlalchemy import CHAR
from sqlalchemy import JSON
from sqlalchemy import Connection
from sqlalchemy import Inspector
from sqlalchemy import MetaData
from sqlalchemy import Table
from sqlalchemy import Uuid
from sqlalchemy import event
from sqlalchemy import exc
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.orm import Session

from .executor import Executor
from .executor import connection_of
from .schema import VERSION_TABLE

BATCH_SIZE = 5_000
REFUSED = ("22", "23")
"""The classes of PostgreSQL's error codes for invalid values and for violated constraints."""

Rows = list[dict[str, Any]]


class Readable(Protocol):
    """A file that is read until there are no more bytes."""

    def read(self, size: int, /) -> bytes:
        """Return some bytes."""


def read_tables(executor: Executor) -> list[Table]:
    """Return the tables as they are in the database, each after the tables it refers to."""
    metadata = MetaData()
    event.listen(metadata, "column_reflect", _refine_type)
    metadata.reflect(connection_of(executor))
    return [table for table in metadata.sorted_tables if table.name != VERSION_TABLE]


def read_rows(dump: Connection, table: Table) -> Iterator[Rows]:
    """Yield the rows of a table of a SQLite dump in batches. SQLite stores any value in any column, so check the types.

    Raises:
        ValueError: a value does not have the type of its column.
    """
    columns = [(each.name, each.type.python_type, getattr(each.type, "length", None)) for each in table.columns]
    result = dump.execute(select(table), execution_options={"yield_per": BATCH_SIZE})
    for batch in result.partitions():
        rows = [row._asdict() for row in batch]
        for row in rows:
            for name, python_type, length in columns:
                value = row[name]
                if value is not None and not (
                    isinstance(value, python_type) and (length is None or len(value) <= length)
                ):
                    raise ValueError(name)
        yield rows


def add_rows(session: Session, table: Table, rows: Rows) -> None:
    """Add rows to a table."""
    session.execute(insert(table), rows)


def copy_rows(session: Session, table: Table, columns: Sequence[str], encoding: str, rows: Readable) -> None:
    """Add rows in the text format of PostgreSQL's COPY. PostgreSQL checks the types.

    Raises:
        ValueError: a row does not match the table.
    """
    connection = session.connection()
    quote = connection.dialect.identifier_preparer.quote_identifier
    names = ", ".join(map(quote, columns))
    statement = f"COPY {quote(table.name)} ({names}) FROM STDIN WITH (ENCODING '{encoding}')"
    try:
        connection.connection.cursor().copy_expert(statement, rows)
    except connection.dialect.loaded_dbapi.Error as error:
        if str(getattr(error, "pgcode", None)).startswith(REFUSED):
            raise ValueError(table.name) from error
        raise exc.DBAPIError(statement, None, error) from error


def _refine_type(_inspector: Inspector, _table: Table, column: ReflectedColumn) -> None:
    """Replace types by those that the migrations named: SQLite has no UUID, and JSON is NULL, not "null"."""
    if isinstance(column["type"], CHAR):
        column["type"] = Uuid()
    elif isinstance(column["type"], JSON):
        column["type"] = JSON(none_as_null=True)
