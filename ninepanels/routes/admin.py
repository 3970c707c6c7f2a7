"""What admins see and do."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path
from fastapi import Query
from fastapi import Request

from .. import crud
from .. import pydmodels as pyd
from ..auth import Admin
from ..bodies import StrictBodyRoute

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
    with admin.reading() as (session, _):
        users, total = crud.users.read_all(session, offset=offset, limit=limit)
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
