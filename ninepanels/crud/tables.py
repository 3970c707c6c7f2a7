"""Generic queries on the tables of the models, for `ops.data`."""

from typing import Any

from sqlalchemy import Column
from sqlalchemy import Row
from sqlalchemy import Table
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import select

from .. import sqlmodels as sql
from .executor import Executor

MASK = "***"


def all_tables() -> list[Table]:
    """Return the tables of the models, each after the tables it refers to."""
    return sql.Base.metadata.sorted_tables


def count(executor: Executor, table: Table) -> int:
    """Return the number of rows of a table."""
    return executor.scalar(select(func.count()).select_from(table)) or 0


def read_newest(executor: Executor, table: Table, limit: int) -> list[Row[*tuple[Any, ...]]]:
    """Return the newest rows of a table, newest first, with the values of secret columns masked."""
    columns = [literal(MASK).label(column.name) if column.info == sql.SECRET else column for column in table.columns]
    return list(executor.execute(select(*columns).order_by(_age(table).desc()).limit(limit)))


def _age(table: Table) -> Column[Any]:
    """Return the column that orders rows by age: the id, else the first instant, else the primary key."""
    ids = [column for column in table.columns if column.name == "id"]
    instants = [column for column in table.columns if isinstance(column.type, sql.Instant)]
    oldest_first: list[Column[Any]] = [*ids, *instants, *table.primary_key]
    return oldest_first[0]
