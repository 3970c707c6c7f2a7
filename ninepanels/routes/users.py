"""One's own account."""

from typing import Any

from fastapi import APIRouter
from fastapi import Request

from .. import auth
from .. import client_addresses
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import rate_limits
from ..auth import Caller
from ..bodies import StrictBodyRoute
from ..bodies import or_form
from ..database import database
from ..threads import route_threads

router = APIRouter(prefix="/users", tags=["users"], route_class=StrictBodyRoute)


@router.post("", openapi_extra=or_form(pyd.UserCreate))
async def create_user(body: pyd.UserCreate, request: Request) -> pyd.User:
    """Sign up."""
    tries = rate_limits.sign_up(body.email, client_addresses.of(request))
    await route_threads.run(rate_limits.guard.count, tries)
    hashed_password = await auth.hash_password(body.password)
    timezone = body.timezone or request.app.state.settings.default_timezone
    return await route_threads.run(_create, body, hashed_password, timezone)


@router.get("")
def read_user(caller: Caller) -> pyd.User:
    """Read one's own account."""
    with caller.reading() as (_, user):
        return pyd.User.model_validate(user)


@router.patch("", openapi_extra=or_form(pyd.UserUpdate))
async def update_user(body: pyd.UserUpdate, caller: Caller) -> pyd.User:
    """Change one's own account; a new `email` wants `current_password` beside it."""
    changes = body.changes()
    confirmed = await caller.confirm_password(str(body.current_password)) if "email" in changes else None
    return await route_threads.run(_update, caller, changes, confirmed)


@router.delete("")
def delete_user(caller: Caller) -> pyd.Success:
    """Delete one's own account and everything in it."""
    with caller.writing() as (work, user):
        crud.users.delete(work, user.id)
        crud.outbox.forget_resets(work, user.email)
        work.emit(pyd.UserDeleted(user_id=user.id))
    return pyd.Success()


def _create(body: pyd.UserCreate, hashed_password: str, timezone: str) -> pyd.User:
    with database.writing() as work:
        user = crud.users.create(
            work,
            email=body.email,
            name=body.name,
            hashed_password=hashed_password,
            timezone=timezone,
            day_starts_at=body.day_starts_at,
        )
        crud.outbox.add(work, pyd.MailKind.WELCOME, user.email, user.id)
        work.emit(pyd.NewUserCreated(user_id=user.id))
    return pyd.User.model_validate(user)


def _update(caller: auth.LoggedIn, changes: dict[str, Any], confirmed: str | None) -> pyd.User:
    with caller.writing() as (work, bearer):
        user = crud.users.read_to_change(work, bearer.id)
        if confirmed is not None and user.hashed_password != confirmed:
            raise exceptions.WrongPassword
        old_email = user.email
        crud.users.update(work, user, changes)
        if user.email != old_email:
            # Whoever reads the old mailbox hears of it, and can do nothing with a link that is still in there.
            crud.password_resets.void_all(work, user.id)
            crud.outbox.forget_resets(work, old_email)
            crud.outbox.add(work, pyd.MailKind.EMAIL_CHANGED, old_email, user.id)
        work.emit(pyd.UserUpdated(user_id=user.id, fields=sorted(changes)))
    return pyd.User.model_validate(user)
