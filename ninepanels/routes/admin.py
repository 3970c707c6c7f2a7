"""What admins see and do."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path
from fastapi import Query
from fastapi import Request

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import route_names
from ..auth import Admin
from ..bodies import StrictBodyRoute
from ..route_watch import route_watch

router = APIRouter(prefix="/admin", tags=["admin"], route_class=StrictBodyRoute)

LARGEST_PAGE = 1_000


@router.get("/users")
def read_users(
    admin: Admin,
    request: Request,
    offset: Annotated[int, Query(ge=0, le=pyd.LARGEST_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 100,
) -> list[pyd.User]:
    """Read the users, in the order they signed up."""
    with admin.reading() as (connection, _):
        users, total = crud.users.read_all(connection, offset=offset, limit=limit)
    request.state.meta = {"total": total, "offset": offset, "limit": limit}
    return [pyd.User.model_validate(user) for user in users]


@router.patch("/users/{user_id}")
def update_user(user_id: Annotated[pyd.Id, Path()], body: pyd.AdminUpdate, admin: Admin) -> pyd.User:
    """Make a user an admin, or no longer one; the last admin cannot step down."""
    changes = body.changes()
    with admin.writing() as (work, _):
        user = crud.users.set_admin(work, user_id, is_admin=changes["is_admin"])
        work.emit(pyd.UserUpdated(user_id=user.id, fields=sorted(changes)))
    return pyd.User.model_validate(user)


@router.get("/routes")
def read_routes(admin: Admin) -> list[pyd.RouteStats]:
    """Read how each route behaved in its last window, in ms."""
    with admin.reading() as (connection, _):
        return [pyd.RouteStats.model_validate(stats) for stats in crud.route_stats.read_latest(connection)]


@router.patch("/routes")
def update_route(body: pyd.RouteUpdate, admin: Admin, request: Request) -> pyd.RouteStats:
    """Change when a route counts as slow; the answer, and its alert, are by the new measure."""
    changes = body.changes()
    with admin.writing() as (work, _):
        _demand_route(request, body.method_path)
        crud.route_stats.change_settings(work, body.method_path, changes)
        stats = route_watch.refresh(work, body.method_path)
    return pyd.RouteStats.model_validate(stats)


@router.get("/routes/timings")
def read_route_timings(
    method_path: Annotated[pyd.MethodPath, Query()],
    admin: Admin,
    request: Request,
    window_size: Annotated[pyd.WindowSize, Query()] = 100,
) -> pyd.RouteTimings:
    """Read how long each of a route's latest requests took, newest first."""
    with admin.reading() as (connection, _):
        _demand_route(request, method_path)
        timings = crud.timings.read_window(connection, method_path, window_size)
    return pyd.RouteTimings(
        readings=[timing.diff_ms for timing in timings], timestamps=[timing.created_at for timing in timings]
    )


def _demand_route(request: Request, method_path: str) -> None:
    if method_path not in route_names.all_of(request.app):
        raise exceptions.NotFound("There is no such route.")
