"""The account of the current user."""

from typing import Any

from fastapi import Request

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts import passwords
from ..accounts import rate_limits
from ..accounts.current_user import AuthenticatedUser
from ..accounts.current_user import CurrentUser
from ..accounts.current_user import CurrentWriter
from ..database import database
from ..http.bodies import or_form
from ..http.documentation import DATABASE_ERRORS
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples
from ..runtime.threads import route_threads

router = APIRouter(prefix="/users", tags=["users"])


@router.post("", operation_id="signUp", summary="Sign up", openapi_extra=or_form(pyd.UserCreate))
@documented(
    raises=(exceptions.EmailTaken, exceptions.RateLimited, *DATABASE_ERRORS),
    example=Example(
        examples.NEW_USER,
        {"email": "eve@example.com", "name": "Eve", "password": "correct horse", "timezone": "Europe/Berlin"},
    ),
)
async def create_user(body: pyd.UserCreate, request: Request) -> pyd.User:
    """Creates an account and returns it. Log in with `POST /token` afterwards."""
    attempts = rate_limits.sign_up(request, body.email)
    await route_threads.run(rate_limits.rate_limiter.count, attempts)
    hashed_password = await passwords.hash_password(body.password)
    timezone = body.timezone or request.app.state.settings.default_timezone
    return await route_threads.run(_create, body, hashed_password, timezone)


@router.get("", operation_id="readMe", summary="Read your account")
@documented(example=Example(examples.USER))
def read_user(current_user: CurrentUser) -> pyd.User:
    """Returns your account."""
    return pyd.User.model_validate(current_user.read(crud.tokens.read_bearer))


@router.patch("", operation_id="updateMe", summary="Change your account", openapi_extra=or_form(pyd.UserUpdate))
@documented(
    raises=(exceptions.WrongPassword, exceptions.EmailTaken, exceptions.RateLimited),
    example=Example(examples.CHANGED_USER, {"name": "Ada Lovelace", "day_starts_at": 4}),
)
async def update_user(body: pyd.UserUpdate, current_user: CurrentWriter, request: Request) -> pyd.User:
    """Changes the fields in the body and returns the account. A new `email` needs `current_password`.

    A new time zone or start of the day changes no day that is already recorded.
    """
    changes = body.changes()
    confirmed = None
    if "email" in changes:
        confirmed = await current_user.confirm_password(str(body.current_password))
        attempts = rate_limits.account_change(request, current_user.token.user_id, changes["email"])
        await route_threads.run(rate_limits.rate_limiter.count, attempts)
    return await route_threads.run(_update, current_user, changes, confirmed)


@router.delete("", operation_id="deleteMe", summary="Delete your account")
@documented(example=Example(examples.SUCCESS))
def delete_user(current_user: CurrentUser) -> pyd.Success:
    """Deletes your account with all panels and entries, immediately and permanently."""
    with current_user.transaction() as (work, user):
        crud.users.delete(work, user.id)
        crud.outbox.delete_resets(work, user.email)
        work.emit(pyd.UserDeleted(user_id=user.id))
    return pyd.Success()


def _create(body: pyd.UserCreate, hashed_password: str, timezone: str) -> pyd.User:
    with database.transaction() as work:
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


def _update(current_user: AuthenticatedUser, changes: dict[str, Any], confirmed: str | None) -> pyd.User:
    with current_user.transaction() as (work, owner):
        user = crud.users.read_for_update(work, owner.id)
        if confirmed is not None and user.hashed_password != confirmed:
            raise exceptions.WrongPassword
        old_email = user.email
        email = changes.get("email", old_email)
        crud.users.update(work, user, {name: value for name, value in changes.items() if name != "email"})
        if email != old_email:
            crud.users.change_email(work, user.id, email)
            # Notify the old address, and cancel the reset links that were sent to it.
            crud.password_resets.cancel_all(work, user.id, old_email)
            crud.outbox.add(work, pyd.MailKind.EMAIL_CHANGED, old_email, user.id)
        work.emit(pyd.UserUpdated(user_id=user.id, fields=sorted(changes)))
    return pyd.User.model_validate(user)
