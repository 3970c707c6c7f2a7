"""The version of a user's data. A client that has the current version needs no new response."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from sqlalchemy import Row
from sqlalchemy import Select
from sqlalchemy import SQLColumnExpression
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import select

from .. import exceptions
from .. import sqlmodels as sql
from . import tokens
from .executor import Executor
from .executor import PreparedStatement
from .tokens import Bearer

T = TypeVar("T")

NO_REVISION = -1
"""A revision that no user has."""


class Version(NamedTuple):
    """Identifies a user's panels and entries, as they are on a day of the user.

    Everything that is read of them depends on the rows, each change of which raises the revision, and on the user's
    current day. It depends on the time zone and the start of the day only through that day.
    """

    user_id: int
    day: str
    revision: int


Versioned = tuple[Version, T | None]
"""A version and the data that were read; None instead of the data if the client knows the version."""

REVISION = sql.User.revision.label("user_revision")
"""A column of each query that `read` executes."""

IS_NEW = sql.User.revision != bindparam("known_revision")
"""The condition of joins with the user. If the client has the current version, the join reads no rows."""


def select_panels(*columns: SQLColumnExpression[Any]) -> Select[*tuple[Any, ...]]:
    """Return a query for `read`: columns of each panel of a bearer, ordered by position.

    With the outer join, a verified bearer without panels yields one row of NULLs. Any other bearer yields no row.
    """
    return (
        select(*columns, REVISION)
        .select_from(sql.User)
        .outerjoin(sql.Panel, and_(sql.Panel.user_id == sql.User.id, IS_NEW))
        .where(*tokens.VERIFIED)
        .order_by(sql.Panel.position)
    )


def read(
    executor: Executor,
    query: PreparedStatement,
    bearer: Bearer,
    today: date,
    known: Version | None,
    **parameters: object,
) -> Versioned[Sequence[Row[*tuple[Any, ...]]]]:
    """Execute a query on the data of a bearer, and return its rows, unless `known` is their version.

    The query verifies the bearer, selects `REVISION` and, with the condition `IS_NEW`, the rest. A verified bearer gets
    at least one row.

    Raises:
        NotFound: the query returns no row, for example because the bearer is not verified.
    """
    day = today.isoformat()
    known_revision = known.revision if known and known[:2] == (bearer.user_id, day) else NO_REVISION
    parameters |= {**bearer.parameters(), "today": today, "known_revision": known_revision}
    rows = query.execute(executor, parameters).all()
    if not rows:
        raise exceptions.NotFound
    version = Version(bearer.user_id, day, rows[0].user_revision)
    return version, None if version == known else rows
