"""The histories of all panels."""

from typing import Annotated

from fastapi import Query
from fastapi import Request

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..http.caching import WITH_ETAG
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples

router = APIRouter(prefix="/history", tags=["sync"])


@router.get("", operation_id="listHistories", summary="List the histories of all panels", openapi_extra=WITH_ETAG)
@documented(
    raises=(exceptions.DayInTheFuture, exceptions.InvalidSpan),
    meta=pyd.SpanMeta,
    example=Example(examples.HISTORIES, meta={"day": "2026-11-23", "first": "2025-11-24", "last": "2026-11-23"}),
)
def read_history(
    current_user: CurrentUser,
    request: Request,
    first: Annotated[
        pyd.Day | None, Query(alias="from", description="The first day. By default, 364 days before the last day.")
    ] = None,
    last: Annotated[
        pyd.Day | None, Query(alias="to", description="The last day. By default, your current day.")
    ] = None,
) -> list[pyd.PanelHistory]:
    """Returns the days on which each panel is done. The panels are ordered by position.

    The span of days is in `meta`. By default, it is the last 365 days, today included.
    """
    request.state.meta, histories = current_user.read_unless_known(crud.history.read_all, first, last)
    return histories
