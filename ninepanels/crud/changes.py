"""Queries on the changes of a user's panels and entries."""

from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from .. import days
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from . import panels
from . import versions
from .executor import Executor
from .tokens import Bearer

PAGE = 1_000
"""Entries on a page. The first page can have more: all entries of releases without revisions are on it."""

_STATE = panels.ALL_WITH_TODAY.add_columns(sql.Panel.revision.label("panel_revision"), sql.User.deleted_revision)
_CHANGED = (
    sql.Entry.user_id == bindparam("user_id"),
    sql.Entry.revision > bindparam("since"),
    sql.Entry.revision <= bindparam("last"),
)
# A page ends between two revisions, so all rows of a revision are on the same page.
_END_OF_PAGE = (
    select(sql.Entry.revision)
    .where(*_CHANGED)
    .order_by(sql.Entry.revision)
    .offset(bindparam("page") - 1)
    .limit(1)
    .scalar_subquery()
)
_ENTRIES = (
    select(sql.Entry.id, sql.Entry.panel_id, sql.Entry.is_complete, sql.Entry.day, sql.Entry.timestamp)
    .add_columns(sql.Entry.revision)
    .where(*_CHANGED, sql.Entry.revision <= func.coalesce(_END_OF_PAGE, bindparam("last")))
    .order_by(sql.Entry.revision, sql.Entry.id)
)


def read(executor: Executor, bearer: Bearer, since: int | None) -> pyd.Changes:
    """Return the panels and entries that changed after a revision, or the first page of all of them.

    The user's revision is read first, and then the entries up to it. Changes that are committed in between are on the
    next page.

    Raises:
        NotFound: the bearer is not verified.
        ChangesGone: rows were deleted after the revision, or the user's revision is lower because an older backup was
            restored.
    """
    today = days.today(bearer)
    parameters = {**bearer.parameters(), "today": today, "known_revision": versions.NO_REVISION}
    rows = executor.execute(_STATE, parameters).all()
    if not rows:
        raise exceptions.NotFound
    last: int = rows[0].user_revision
    if since is None:
        since = versions.NO_REVISION
    elif not rows[0].deleted_revision <= since <= last:
        raise exceptions.ChangesGone
    page = {"user_id": bearer.user_id, "since": since, "last": last, "page": PAGE}
    entries = executor.execute(_ENTRIES, page).all()
    end = entries[-1].revision if len(entries) >= PAGE else last
    changed = [row for row in rows if row.id is not None and since < row.panel_revision <= end]
    return pyd.Changes(
        revision=end,
        day=today,
        panels=[panels.as_panel(row) for row in sorted(changed, key=lambda row: row.panel_revision)],
        entries=[pyd.Entry.model_validate(row) for row in entries],
        more=end < last,
    )
