"""Panels: one thing to do each day, nine at most."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path
from fastapi import Request

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..auth import Caller
from ..bodies import StrictBodyRoute
from ..bodies import or_form
from ..database import database

router = APIRouter(prefix="/panels", tags=["panels"], route_class=StrictBodyRoute)

PanelId = Annotated[pyd.Id, Path()]


@router.get("")
def read_panels(caller: Caller, request: Request) -> list[pyd.Panel]:
    """Read one's panels by position, each with whether it is done today."""
    with database.reading() as connection:
        today, panels = caller.ask(connection, crud.panels.read_all)
    request.state.meta = {"day": today.isoformat(), "count": len(panels), "max_panels": pyd.MAX_PANELS}
    return panels


@router.post("", openapi_extra=or_form(pyd.PanelCreate))
def create_panel(body: pyd.PanelCreate, caller: Caller) -> pyd.Panel:
    """Create a panel; `position` inserts it there, without it or past the end it becomes the last."""
    with caller.writing() as (work, user):
        panel = crud.panels.create(work, user.id, **body.model_dump(), today=days.today(user))
        work.emit(pyd.PanelCreated(user_id=user.id, panel_id=panel["id"]))
    return panel


@router.patch("/{panel_id}")
def update_panel(panel_id: PanelId, body: pyd.PanelUpdate, caller: Caller) -> pyd.Panel:
    """Change a panel; a new `position` moves it as in a list."""
    changes = body.changes()
    with caller.writing() as (work, user):
        panel = crud.panels.update(work, user.id, panel_id, changes, today=days.today(user))
        work.emit(pyd.PanelUpdated(user_id=user.id, panel_id=panel_id, fields=sorted(changes)))
    return panel


@router.delete("/{panel_id}")
def delete_panel(panel_id: PanelId, caller: Caller) -> pyd.Success:
    """Delete a panel and its history."""
    with caller.writing() as (work, user):
        crud.panels.delete(work, user.id, panel_id)
        work.emit(pyd.PanelDeleted(user_id=user.id, panel_id=panel_id))
    return pyd.Success()
