"""Panels. A panel is one thing to do each day; a user has nine at most."""

from typing import Annotated

from fastapi import Path
from fastapi import Request

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..http.bodies import or_form
from ..http.routing import APIRouter

router = APIRouter(prefix="/panels", tags=["panels"])

PanelId = Annotated[pyd.Id, Path()]


@router.get("")
def read_panels(current_user: CurrentUser, request: Request) -> list[pyd.Panel]:
    """Read your panels, ordered by position, and whether each is done today."""
    today, panels = current_user.read(crud.panels.read_all)
    request.state.meta = {"day": today.isoformat(), "count": len(panels), "max_panels": pyd.MAX_PANELS}
    return panels


@router.post("", openapi_extra=or_form(pyd.PanelCreate))
def create_panel(body: pyd.PanelCreate, current_user: CurrentUser) -> pyd.Panel:
    """Create a panel at `position`. Without a position, or past the end, the panel becomes the last one."""
    with current_user.transaction() as (work, user):
        panel = crud.panels.create(work, user.id, **body.model_dump(), today=days.today(user))
        work.emit(pyd.PanelCreated(user_id=user.id, panel_id=panel["id"]))
    return panel


@router.patch("/{panel_id}")
def update_panel(panel_id: PanelId, body: pyd.PanelUpdate, current_user: CurrentUser) -> pyd.Panel:
    """Update a panel. A new `position` moves the panel as in a list."""
    changes = body.changes()
    with current_user.transaction() as (work, user):
        panel = crud.panels.update(work, user.id, panel_id, changes, today=days.today(user))
        work.emit(pyd.PanelUpdated(user_id=user.id, panel_id=panel_id, fields=sorted(changes)))
    return panel


@router.delete("/{panel_id}")
def delete_panel(panel_id: PanelId, current_user: CurrentUser) -> pyd.Success:
    """Delete a panel and its history."""
    with current_user.transaction() as (work, user):
        crud.panels.delete(work, user.id, panel_id)
        work.emit(pyd.PanelDeleted(user_id=user.id, panel_id=panel_id))
    return pyd.Success()
