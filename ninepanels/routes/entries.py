"""Entries: single taps, and the history of a panel."""

from functools import partial
from typing import Annotated
from typing import Literal

from fastapi import Path
from fastapi import Query
from fastapi import Request

from .. import crud
from .. import days
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..accounts.current_user import CurrentWriter
from ..http.caching import WITH_ETAG
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples
from .panels import PanelId

router = APIRouter(prefix="/panels/{panel_id}/entries", tags=["entries"])

MAX_PAGE_DAYS = 3_660
"""Ten years."""


@router.post("", operation_id="recordEntry", summary="Tap a panel")
@documented(
    raises=(exceptions.NotFound, exceptions.DayInTheFuture),
    example=Example(examples.ENTRY, {"is_complete": True, "day": "2026-11-22"}),
)
def record_entry(panel_id: PanelId, body: pyd.EntryCreate, writer: CurrentWriter) -> pyd.Entry:
    """Records whether a panel is done on a day, by default today, and returns the entry.

    A panel has one entry per day: a second tap changes it.
    """
    recorded = partial(_recorded, writer.token.user_id)
    return writer.write_once(
        crud.taps.record, recorded, panel_id, body.day, is_complete=body.is_complete, tapped_at=None
    ).entry


@router.put("/{day}", operation_id="putEntry", summary="Set a day of a panel")
@documented(
    raises=(exceptions.NotFound, exceptions.DayInTheFuture),
    example=Example(examples.LATE_ENTRY, {"is_complete": True, "tapped_at": "2026-11-22T21:15:00Z"}),
)
def put_entry(
    panel_id: PanelId,
    day: Annotated[pyd.Day, Path(description="A day from 1970-01-01 to your current day.")],
    body: pyd.EntryPut,
    writer: CurrentWriter,
) -> pyd.Entry:
    """Records whether a panel is done on a day, and returns the entry. Repeating the request changes nothing.

    Of two taps of a day, the one with the later `tapped_at` wins, whichever arrives first. If both have the same
    instant, the one that says done wins.
    """
    recorded = partial(_recorded, writer.token.user_id)
    return writer.write_once(crud.taps.record, recorded, panel_id, day, **body.model_dump()).entry


@router.get("", operation_id="listEntries", openapi_extra=WITH_ETAG, summary="List the history of a panel")
@documented(
    raises=(exceptions.NotFound,),
    meta=pyd.PageMeta,
    example=Example(examples.HISTORY, meta={"total": 3, "offset": 0, "limit": MAX_PAGE_DAYS}),
)
def read_entries(
    panel_id: PanelId,
    current_user: CurrentUser,
    request: Request,
    offset: Annotated[int, Query(ge=0, le=days.MAX_HISTORY_DAYS, description="How many days to leave out first.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_DAYS, description="How many days to return.")] = MAX_PAGE_DAYS,
    sort_by: Annotated[
        days.SortBy, Query(description="The order: the newest day first (`desc`) or the oldest (`asc`).")
    ] = "timestamp.desc",
) -> list[pyd.HistoryDay]:
    """Returns the history of a panel: one item per day, from its first day to today, without gaps.

    A day that was never tapped has `is_complete: false` and an `id` that is text, `padded-<panel_id>-<day>`. Here,
    `timestamp` is the day, not the instant of the tap.
    """
    request.state.meta, page = current_user.read_unless_known(
        crud.entries.read_history, panel_id, offset=offset, limit=limit, sort_by=sort_by
    )
    return page


@router.delete("", operation_id="resetHistory", summary="Delete the history of a panel")
@documented(raises=(exceptions.NotFound,), example=Example(data=True))
def delete_entries(panel_id: PanelId, writer: CurrentWriter) -> Literal[True]:
    """Deletes every entry of a panel permanently. The history begins again on your current day."""
    with writer.transaction() as (work, user):
        crud.panels.reset(work, user.id, panel_id, today=days.today(user))
        work.emit(pyd.EntriesReset(user_id=user.id, panel_id=panel_id))
    return True


def _recorded(user_id: int, tapped: crud.taps.Tapped) -> pyd.EntryRecorded | None:
    entry = tapped.entry
    if not tapped.applied:
        return None
    return pyd.EntryRecorded(user_id=user_id, panel_id=entry.panel_id, day=entry.day, is_complete=entry.is_complete)
