"""What the history adds up to."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..auth import Caller
from ..bodies import StrictBodyRoute
from ..database import database

router = APIRouter(prefix="/metrics", tags=["metrics"], route_class=StrictBodyRoute)


@router.get("/panels/consistency")
def read_consistency(
    caller: Caller, days_back: Annotated[int | None, Query(alias="days", ge=1, le=days.LONGEST_HISTORY)] = None
) -> list[pyd.PanelConsistency]:
    """Read how consistently each panel was done, over its last `days` days or its whole history."""
    with database.reading() as connection:
        return caller.ask(connection, crud.metrics.read_consistency, days_back)
