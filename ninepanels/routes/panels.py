"""Panels. A panel is one thing to do each day; a user has nine at most."""

from typing import Annotated

from fastapi import Path
from fastapi import Request

from .. import crud
from .. import days
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts.creations import Creation
from ..accounts.current_user import CurrentUser
from ..accounts.current_user import CurrentWriter
from ..http.bodies import or_form
from ..http.caching import WITH_ETAG
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples

router = APIRouter(prefix="/panels", tags=["panels"])

PanelId = Annotated[pyd.Id, Path(description="The id of one of your panels.")]


@router.get("", operation_id="listPanels", openapi_extra=WITH_ETAG, summary="List your panels")
@documented(
    meta=pyd.PanelsMeta,
    example=Example(
        [examples.PANEL, examples.SECOND_PANEL], meta={"day": "2026-11-23", "count": 2, "max_panels": pyd.MAX_PANELS}
    ),
)
def read_panels(current_user: CurrentUser, request: Request) -> list[pyd.Panel]:
    """Returns your panels, ordered by position. `is_complete` is the state on your current day, `meta.day`."""
    request.state.meta, panels = current_user.read_unless_known(crud.panels.read_all)
    return panels


@router.post("", operation_id="createPanel", summary="Create a panel", openapi_extra=or_form(pyd.PanelCreate))
@documented(
    raises=(exceptions.TooManyPanels, exceptions.PositionOutOfRange),
    example=Example(examples.NEW_PANEL, {"title": "Write", "description": "One page, by hand."}),
)
def create_panel(body: pyd.PanelCreate, creation: Creation) -> pyd.Panel:
    """Creates a panel and returns it. You can have nine panels.

    With a `position`, the panels from that position on move back by one. Otherwise the new panel is the last one.
    """
    work, user = creation.work, creation.user
    panel = crud.panels.create(work, user.id, **body.model_dump(), today=days.today(user))
    work.emit(pyd.PanelCreated(user_id=user.id, panel_id=panel["id"]))
    return panel


@router.patch("/{panel_id}", operation_id="updatePanel", summary="Change or move a panel")
@documented(
    raises=(exceptions.NotFound, exceptions.PositionOutOfRange),
    example=Example(examples.CHANGED_PANEL, {"title": "Read 30 pages", "position": 1}),
)
def update_panel(panel_id: PanelId, body: pyd.PanelUpdate, writer: CurrentWriter) -> pyd.Panel:
    """Changes the fields in the body and returns the panel. A new `position` moves the panel, as in a list."""
    changes = body.changes()
    with writer.transaction() as (work, user):
        panel = crud.panels.update(work, user.id, panel_id, changes, today=days.today(user))
        work.emit(pyd.PanelUpdated(user_id=user.id, panel_id=panel_id, fields=sorted(changes)))
    return panel


@router.delete("/{panel_id}", operation_id="deletePanel", summary="Delete a panel")
@documented(raises=(exceptions.NotFound,), example=Example(examples.SUCCESS))
def delete_panel(panel_id: PanelId, writer: CurrentWriter) -> pyd.Success:
    """Deletes a panel and its history permanently. The panels after it move up by one position."""
    with writer.transaction() as (work, user):
        crud.panels.delete(work, user.id, panel_id)
        work.emit(pyd.PanelDeleted(user_id=user.id, panel_id=panel_id))
    return pyd.Success()
