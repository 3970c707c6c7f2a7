"""Entries: taps, and the history of a panel."""

from typing import Annotated

from fastapi import Query
from fastapi import Request

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..http.routing import APIRouter
from .panels import PanelId

router = APIRouter(prefix="/panels/{panel_id}/entries", tags=["entries"])

MAX_PAGE_DAYS = 3_660
"""Ten years."""


@router.post("")
def record_entry(panel_id: PanelId, body: pyd.EntryCreate, current_user: CurrentUser) -> pyd.Entry:
    """Record whether a panel is done on a day; the last tap of a day counts."""

    def recorded(entry: pyd.Entry) -> pyd.EntryRecorded:
        user_id = current_user.token.user_id
        return pyd.EntryRecorded(user_id=user_id, panel_id=panel_id, day=entry.day, is_complete=entry.is_complete)

    return current_user.write_once(crud.entries.record, recorded, panel_id, body.day, is_complete=body.is_complete)


@router.get("")
def read_entries(
    panel_id: PanelId,
    current_user: CurrentUser,
    request: Request,
    offset: Annotated[int, Query(ge=0, le=days.MAX_HISTORY_DAYS)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_DAYS)] = MAX_PAGE_DAYS,
    sort_by: days.SortBy = "timestamp.desc",
) -> list[pyd.HistoryDay]:
    """Read the history of a panel: one entry per day. A day without a tap has `is_complete: false`."""
    page, total = current_user.read(crud.entries.read_history, panel_id, offset=offset, limit=limit, sort_by=sort_by)
    request.state.meta = {"total": total, "offset": offset, "limit": limit}
    return page


@router.delete("")
def delete_entries(panel_id: PanelId, current_user: CurrentUser) -> bool:
    """Delete the history of a panel. The panel counts as created now."""
    with current_user.transaction() as (work, user):
        crud.panels.reset_first_day(work, user.id, panel_id, today=days.today(user))
        crud.entries.delete_all(work, user.id, panel_id)
        work.emit(pyd.EntriesReset(user_id=user.id, panel_id=panel_id))
    return True
