"""Queries on whatever table there is: for looking around, not for the service."""

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
    """Return the tables of the models, each after those it points at."""
    return sql.Base.metadata.sorted_tables


def count(executor: Executor, table: Table) -> int:
    """Return the number of a table's rows."""
    return executor.scalar(select(func.count()).select_from(table)) or 0


def read_newest(executor: Executor, table: Table, at_most: int) -> list[Row[*tuple[Any, ...]]]:
    """Return the newest rows of a table, newest first; what is in its secret columns stays in the database."""
    columns = [literal(MASK).label(column.name) if column.info == sql.SECRET else column for column in table.columns]
    return list(executor.execute(select(*columns).order_by(_age(table).desc()).limit(at_most)))


def _age(table: Table) -> Column[Any]:
    """Return the column that says which row is newer: ids count up, and a row's first instant is when it began."""
    ids = [column for column in table.columns if column.name == "id"]
    instants = [column for column in table.columns if isinstance(column.type, sql.Instant)]
    oldest_first: list[Column[Any]] = [*ids, *instants, *table.primary_key]
    return oldest_first[0]
