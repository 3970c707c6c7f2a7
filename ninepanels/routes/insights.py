"""Insights into the histories of all panels."""

from typing import Annotated

from fastapi import Query
from fastapi import Request

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..http.caching import WITH_ETAG
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples

router = APIRouter(prefix="/insights", tags=["consistency"])

DEFAULT_DAYS = 365


@router.get("", operation_id="listInsights", summary="List what the histories show", openapi_extra=WITH_ETAG)
@documented(
    meta=pyd.SpanMeta,
    example=Example(examples.INSIGHTS, meta={"day": "2026-11-23", "first": "2025-11-24", "last": "2026-11-23"}),
)
def read_insights(
    current_user: CurrentUser,
    request: Request,
    last_days: Annotated[
        int,
        Query(
            alias="days",
            ge=1,
            le=days.MAX_HISTORY_DAYS,
            description="The number of days of the span, today included, for weekdays and months.",
        ),
    ] = DEFAULT_DAYS,
) -> list[pyd.PanelInsights]:
    """Returns runs of days, consistency, and shares by weekday and by month. The panels are ordered by position.

    Runs and consistency are those of the whole history, whatever the span. A day that has not been tapped yet today
    ends no run.
    """
    request.state.meta, insights = current_user.read_unless_known(crud.insights.read_all, last_days)
    return insights
