"""The consistency of panels."""

from typing import Annotated

from fastapi import Query

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..http.routing import APIRouter

router = APIRouter(prefix="/metrics", tags=["metrics"])


@router.get("/panels/consistency")
def read_consistency(
    current_user: CurrentUser,
    last_days: Annotated[int | None, Query(alias="days", ge=1, le=days.MAX_HISTORY_DAYS)] = None,
) -> list[pyd.PanelConsistency]:
    """Read the consistency of each panel, over its last `days` days or its whole history."""
    return current_user.read(crud.consistency.read_consistency, last_days)
