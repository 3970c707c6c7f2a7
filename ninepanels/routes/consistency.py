"""The consistency of panels."""

from typing import Annotated

from fastapi import Query

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..http.caching import WITH_ETAG
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples

router = APIRouter(prefix="/metrics", tags=["consistency"])


@router.get(
    "/panels/consistency",
    operation_id="readConsistency",
    openapi_extra=WITH_ETAG,
    summary="Read how regularly panels are done",
)
@documented(example=Example(examples.CONSISTENCY))
def read_consistency(
    current_user: CurrentUser,
    last_days: Annotated[
        int | None,
        Query(
            alias="days",
            ge=1,
            le=days.MAX_HISTORY_DAYS,
            description="Evaluate only the last days; by default the whole history.",
        ),
    ] = None,
) -> list[pyd.PanelConsistency]:
    """Returns the share of days on which each panel is done. The panels are ordered by position.

    The days are the last `days` days or the whole history, today included.
    """
    return current_user.read_unless_known(crud.consistency.read_consistency, last_days)
