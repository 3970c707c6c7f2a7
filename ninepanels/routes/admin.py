"""Routes for admins."""

from typing import Annotated

from fastapi import Path
from fastapi import Query
from fastapi import Request

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentAdmin
from ..http.routing import APIRouter
from ..observability import route_names
from ..timings import alerts

router = APIRouter(prefix="/admin", tags=["admin"])

MAX_PAGE_SIZE = 1_000


@router.get("/users")
def read_users(
    current_admin: CurrentAdmin,
    request: Request,
    offset: Annotated[int, Query(ge=0, le=pyd.MAX_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 100,
) -> list[pyd.User]:
    """Read the users, in the order in which they signed up."""
    users, total = current_admin.read(crud.users.read_all, offset=offset, limit=limit)
    request.state.meta = {"total": total, "offset": offset, "limit": limit}
    return [pyd.User.model_validate(user) for user in users]


@router.patch("/users/{user_id}")
def update_user(user_id: Annotated[pyd.Id, Path()], body: pyd.AdminUpdate, current_admin: CurrentAdmin) -> pyd.User:
    """Make a user an admin or an ordinary user; the last admin cannot step down."""
    changes = body.changes()
    with current_admin.transaction() as (work, _):
        user = crud.users.set_admin(work, user_id, is_admin=changes["is_admin"])
        work.emit(pyd.UserUpdated(user_id=user.id, fields=sorted(changes)))
    return pyd.User.model_validate(user)


@router.get("/routes")
def read_routes(current_admin: CurrentAdmin) -> list[pyd.RouteStats]:
    """Read the latest statistics of each route, in milliseconds."""
    return [pyd.RouteStats.model_validate(stats) for stats in current_admin.read(crud.route_stats.read_latest)]


@router.patch("/routes")
def update_route(body: pyd.RouteUpdate, current_admin: CurrentAdmin, request: Request) -> pyd.RouteStats:
    """Change the threshold or the window of a route. The response has the statistics and the alert after the change."""
    changes = body.changes()
    with current_admin.transaction() as (work, _):
        _require_route(request, body.method_path)
        crud.route_stats.change_settings(work, body.method_path, changes)
        stats = alerts.refresh(work, body.method_path, request.app.state.settings.alert_emails)
    return pyd.RouteStats.model_validate(stats)


@router.get("/routes/timings")
def read_route_timings(
    method_path: Annotated[pyd.MethodPath, Query()],
    current_admin: CurrentAdmin,
    request: Request,
    window_size: Annotated[pyd.WindowSize, Query()] = 100,
) -> pyd.RouteTimings:
    """Read the durations of the latest requests of a route, newest first."""
    timings = current_admin.read(crud.timings.read_window, method_path, window_size)
    _require_route(request, method_path)
    return pyd.RouteTimings(
        readings=[timing.diff_ms for timing in timings], timestamps=[timing.created_at for timing in timings]
    )


def _require_route(request: Request, method_path: str) -> None:
    if method_path not in route_names.all_of(request.app):
        raise exceptions.NotFound("There is no such route.")
