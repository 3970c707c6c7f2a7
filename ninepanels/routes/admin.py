"""Routes for admins."""

from typing import Annotated

from fastapi import Path
from fastapi import Query
from fastapi import Request

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentAdmin
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..observability import route_names
from ..pydmodels import examples
from ..timings import alerts

router = APIRouter(prefix="/admin", tags=["admin"])

MAX_PAGE_SIZE = 1_000


@router.get("/users", operation_id="listUsers", summary="List the users")
@documented(
    meta=pyd.PageMeta,
    example=Example([examples.USER, examples.ADMIN], meta={"total": 2, "offset": 0, "limit": 100}),
)
def read_users(
    current_admin: CurrentAdmin,
    request: Request,
    offset: Annotated[int, Query(ge=0, le=pyd.MAX_ID, description="How many users to leave out first.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="How many users to return.")] = 100,
) -> list[pyd.User]:
    """Returns the users, in the order in which they signed up."""
    users, total = current_admin.read(crud.users.read_all, offset=offset, limit=limit)
    request.state.meta = pyd.PageMeta(total=total, offset=offset, limit=limit)
    return [pyd.User.model_validate(user) for user in users]


@router.patch("/users/{user_id}", operation_id="updateUser", summary="Make a user an admin, or not")
@documented(
    raises=(exceptions.NotFound, exceptions.LastAdmin),
    example=Example(examples.USER | {"is_admin": True}, {"is_admin": True}),
)
def update_user(
    user_id: Annotated[pyd.Id, Path(description="The id of a user.")],
    body: pyd.AdminUpdate,
    current_admin: CurrentAdmin,
) -> pyd.User:
    """Makes a user an admin or an ordinary user, and returns the account. The last admin stays an admin."""
    changes = body.changes()
    with current_admin.transaction() as (work, actor):
        user = crud.users.set_admin(work, user_id, is_admin=changes["is_admin"], actor_id=actor.id)
        action = pyd.AuditAction.ADMIN_GRANTED if user.is_admin else pyd.AuditAction.ADMIN_REVOKED
        current_admin.record(work, action, target_id=user.id)
        work.emit(pyd.UserUpdated(user_id=user.id, fields=sorted(changes)))
    return pyd.User.model_validate(user)


@router.get("/audit", operation_id="listAuditEvents", summary="List the changes of accounts and by admins")
@documented(meta=pyd.PageMeta, example=Example([examples.AUDIT_EVENT], meta={"total": 1, "offset": 0, "limit": 100}))
def read_audit_events(
    current_admin: CurrentAdmin,
    request: Request,
    offset: Annotated[int, Query(ge=0, le=pyd.MAX_ID, description="How many events to leave out first.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="How many events to return.")] = 100,
) -> list[pyd.AuditEvent]:
    """Returns the changes of accounts and the changes by admins in the last 400 days, newest first.

    Events about a deleted user alone are deleted, too.
    """
    events, total = current_admin.read(crud.audit.read_all, offset=offset, limit=limit)
    request.state.meta = pyd.PageMeta(total=total, offset=offset, limit=limit)
    return events


@router.get("/routes", operation_id="listRoutes", summary="List the routes and their response times")
@documented(example=Example([examples.ROUTE]))
def read_routes(current_admin: CurrentAdmin) -> list[pyd.RouteStats]:
    """Returns the latest statistics of each route that was called, in milliseconds."""
    return [pyd.RouteStats.model_validate(stats) for stats in current_admin.read(crud.route_stats.read_latest)]


@router.patch("/routes", operation_id="updateRoute", summary="Change the alert of a route")
@documented(
    raises=(exceptions.NotFound,),
    example=Example(examples.ROUTE, {"method_path": "GET_/panels", "alert_threshold_ms": 200.0}),
)
def update_route(body: pyd.RouteUpdate, current_admin: CurrentAdmin, request: Request) -> pyd.RouteStats:
    """Changes the threshold or the window of a route, and returns its statistics and alert after the change."""
    changes = body.changes()
    with current_admin.transaction() as (work, actor):
        # The audit event names the actor, whose account could otherwise be deleted meanwhile.
        if not crud.users.read_for_update(work, actor.id).is_admin:
            raise exceptions.NotAllowed
        _require_route(request, body.method_path)
        crud.route_stats.change_settings(work, body.method_path, changes)
        details = [body.method_path, *sorted(changes)]
        current_admin.record(work, pyd.AuditAction.ROUTE_UPDATED, target_id=None, details=details)
        stats = alerts.refresh(work, body.method_path, request.app.state.settings.alert_emails)
    return pyd.RouteStats.model_validate(stats)


@router.get("/routes/timings", operation_id="readRouteTimings", summary="Read the response times of a route")
@documented(raises=(exceptions.NotFound,), example=Example(examples.ROUTE_TIMINGS))
def read_route_timings(
    method_path: Annotated[pyd.MethodPath, Query()],
    current_admin: CurrentAdmin,
    request: Request,
    window_size: Annotated[pyd.WindowSize, Query(description="How many requests to return.")] = 100,
) -> pyd.RouteTimings:
    """Returns the durations of the latest requests of a route, newest first."""
    timings = current_admin.read(crud.timings.read_window, method_path, window_size)
    _require_route(request, method_path)
    return pyd.RouteTimings(
        readings=[timing.diff_ms for timing in timings], timestamps=[timing.created_at for timing in timings]
    )


def _require_route(request: Request, method_path: str) -> None:
    if method_path not in route_names.all_of(request.app):
        raise exceptions.NotFound("There is no such route.")
