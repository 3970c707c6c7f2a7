"""Taps, and the history they make."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query
from fastapi import Request

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..auth import Caller
from ..bodies import StrictBodyRoute
from ..database import database
from .panels import PanelId

router = APIRouter(prefix="/panels/{panel_id}/entries", tags=["entries"], route_class=StrictBodyRoute)

LONGEST_PAGE = 3_660
"""Days; ten years."""


@router.post("")
def record_entry(panel_id: PanelId, body: pyd.EntryCreate, caller: Caller) -> pyd.Entry:
    """Tap a panel, or take the tap back; the last tap of a day wins."""
    with database.writing_once() as work:
        entry = caller.ask(work, crud.entries.record, panel_id, body.day, is_complete=body.is_complete)
        work.emit(
            pyd.EntryRecorded(
                user_id=caller.token.user_id, panel_id=panel_id, day=entry.day, is_complete=entry.is_complete
            )
        )
    return entry


@router.get("")
def read_entries(
    panel_id: PanelId,
    caller: Caller,
    request: Request,
    offset: Annotated[int, Query(ge=0, le=days.LONGEST_HISTORY)] = 0,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = LONGEST_PAGE,
    sort_by: days.SortBy = "timestamp.desc",
) -> list[pyd.HistoryDay]:
    """Read a panel's history, one entry per day, days without a tap padded with `is_complete: false`."""
    with database.reading() as connection:
        history = crud.entries.read_history
        page, total = caller.ask(connection, history, panel_id, offset=offset, limit=limit, sort_by=sort_by)
    request.state.meta = {"total": total, "offset": offset, "limit": limit}
    return page


@router.delete("")
def delete_entries(panel_id: PanelId, caller: Caller) -> bool:
    """Delete a panel's history; it counts as created now."""
    with caller.writing() as (work, user):
        crud.panels.begin_anew(work, user.id, panel_id)
        crud.entries.delete_all(work, user.id, panel_id)
        work.emit(pyd.EntriesReset(user_id=user.id, panel_id=panel_id))
    return True
