"""INSERT with ON CONFLICT, which SQLAlchemy provides only per dialect."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from .. import sqlmodels as sql
from .executor import Executor
from .executor import dialect

INSERT: dict[str, Callable[..., Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert(executor: Executor, model: type[sql.Base]) -> Any:
    """Return an INSERT into a model's table with `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return INSERT[dialect(executor)](model)
