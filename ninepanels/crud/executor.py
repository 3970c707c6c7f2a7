"""`Executor`, a connection or session that executes a query, and functions that depend on its dialect."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnClause
from sqlalchemy import Connection
from sqlalchemy import Dialect
from sqlalchemy import Result
from sqlalchemy import Select
from sqlalchemy import TextualSelect
from sqlalchemy import bindparam
from sqlalchemy import column
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from .. import sqlmodels as sql

Executor = Connection | Session
"""A query on a connection takes half as long as on a session. Only queries on ORM objects need a session."""

INSERT: dict[str, Callable[..., Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
"""INSERT with ON CONFLICT, which SQLAlchemy provides only per dialect."""


def connection_of(executor: Executor) -> Connection:
    """Return the connection of an executor."""
    return executor if isinstance(executor, Connection) else executor.connection()


def dialect(executor: Executor) -> str:
    """Return the name of the database dialect: "sqlite" or "postgresql"."""
    return connection_of(executor).dialect.name


def insert(executor: Executor, model: type[sql.Base]) -> Any:
    """Return an INSERT into a model's table with `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return INSERT[dialect(executor)](model)


class PreparedStatement:
    """A query whose SQL is made once. Each connection to PostgreSQL also plans it only once.

    Otherwise, with each execution, SQLAlchemy computes the key of the cached SQL, and PostgreSQL plans the query.
    psycopg2 itself does not prepare statements; SQLite's driver does so by itself.
    """

    def __init__(self, name: str, query: Select[*tuple[Any, ...]]) -> None:
        self.name = name
        self.query = query

    def execute(self, executor: Executor, parameters: dict[str, Any]) -> Result[*tuple[Any, ...]]:
        """Execute the query. The first time on a connection to PostgreSQL, it is prepared: another round trip."""
        connection = connection_of(executor)
        if connection.dialect.name == "sqlite":
            return connection.execute(self._on_sqlite, parameters)
        prepare, execute = self._on_postgresql
        prepared = connection.info.setdefault("prepared", set())
        if self.name not in prepared:
            connection.exec_driver_sql(prepare)
            prepared.add(self.name)
        return connection.execute(execute, parameters)

    @cached_property
    def _on_sqlite(self) -> TextualSelect:
        """The SQL with the types of its parameters."""
        compiled = self.query.compile(dialect=sqlite.dialect(paramstyle="named"))
        parameters = [
            bindparam(name, parameter.value, type_=parameter.type, required=parameter.required)
            for parameter, name in compiled.bind_names.items()
        ]
        return text(str(compiled)).bindparams(*parameters).columns(*self._columns)

    @cached_property
    def _on_postgresql(self) -> tuple[str, TextualSelect]:
        """The PREPARE and the EXECUTE."""
        # With numbers, a parameter that occurs several times is passed once.
        numbered: Dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
        compiled = self.query.compile(dialect=numbered)
        parameters = getattr(compiled, "positiontup", None) or ()
        execute = text(f"EXECUTE {self.name}({', '.join(f':{parameter}' for parameter in parameters)})")
        return f"PREPARE {self.name} AS {compiled}", execute.columns(*self._columns)

    @cached_property
    def _columns(self) -> list[ColumnClause[Any]]:
        """The names and types of the columns, without the expressions that compute them."""
        return [column(name, expression.type) for name, expression in self.query.selected_columns.items()]
