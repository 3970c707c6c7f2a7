"""The account of the current user."""

from typing import Annotated
from typing import Any

from fastapi import Body
from fastapi import Header
from fastapi import Request

from .. import clock
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts import passwords
from ..accounts import rate_limits
from ..accounts import verification
from ..accounts.current_user import AuthenticatedUser
from ..accounts.current_user import CurrentUser
from ..accounts.current_user import CurrentWriter
from ..accounts.rate_limits import Attempts
from ..config import Settings
from ..database import UnitOfWork
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
    """Creates an account and returns it. Log in with `POST /token` afterwards.

    If the service verifies e-mails, it sends a mail with a link. Until the user opens it, the account works, but gets
    no other mail. If there is an account with the e-mail already, the response is the same, nothing is created, and the
    mail says so. If the service verifies no e-mails, the response is then a 409.
    """
    attempts = rate_limits.sign_up(request, body.email)
    await route_threads.run(rate_limits.rate_limiter.count, attempts)
    hashed_password = await passwords.hash_password(body.password)
    return await route_threads.run(_create, body, hashed_password, request.app.state.settings)


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

    If the service verifies e-mails, the new one is `new_email` until the user opens the link in a mail to it, also if
    another account has it: then the mail says so, and has no link. To get another link, send the e-mail again. To keep
    the old e-mail, send that one. If the service verifies no e-mails, the change is immediate, and an e-mail that
    another account has is a 409.

    A new time zone or start of the day changes no day that is already recorded.
    """
    changes = body.changes()
    updates = rate_limits.account_update(request, current_user.token.user_id)
    await route_threads.run(rate_limits.rate_limiter.check, updates)
    confirmed = None
    if "email" in changes:
        confirmed = await current_user.confirm_password(str(body.current_password))
        attempts = rate_limits.account_change(request, current_user.token.user_id, changes["email"])
        await route_threads.run(rate_limits.rate_limiter.count, attempts)
    verifies_emails = request.app.state.settings.verifies_emails
    return await route_threads.run(_update, current_user, changes, confirmed, updates, verifies_emails=verifies_emails)


@router.delete("", operation_id="deleteMe", summary="Delete your account", openapi_extra=or_form(pyd.UserDeletion))
@documented(
    raises=(exceptions.WrongPassword, exceptions.PasswordRequired, exceptions.LastAdmin, exceptions.RateLimited),
    example=Example(examples.SUCCESS, {"current_password": "correct horse"}),
)
async def delete_user(
    body: Annotated[pyd.UserDeletion, Body(default_factory=pyd.UserDeletion)],
    current_user: CurrentUser,
    x_current_password: Annotated[
        pyd.PasswordInHeader | None,
        Header(alias="X-Current-Password", description="The current password in UTF-8, instead of a body."),
    ] = None,
) -> pyd.Success:
    """Deletes your account with all panels and entries, immediately and permanently.

    It needs the current password, in the body or in the header `X-Current-Password`, or a login of the last 10 minutes.
    The last admin cannot be deleted.
    """
    password = x_current_password if body.current_password is None else body.current_password
    confirmed = None
    if password is None:
        current_user.require_recent_login()
    else:
        confirmed = await current_user.confirm_password(password)
    await route_threads.run(_delete, current_user, confirmed)
    return pyd.Success()


def _create(body: pyd.UserCreate, hashed_password: str, settings: Settings) -> pyd.User:
    profile = body.model_dump(exclude={"password", "timezone"})
    profile |= {"timezone": body.timezone or settings.default_timezone}
    is_verified = not settings.verifies_emails
    with database.transaction() as work:
        try:
            user = crud.users.create(work, hashed_password=hashed_password, is_email_verified=is_verified, **profile)
        except exceptions.EmailTaken:
            if is_verified:
                raise
            return _claim_to_create(work, profile)
        kind = pyd.MailKind.WELCOME if is_verified else pyd.MailKind.VERIFY_EMAIL
        crud.outbox.add(work, kind, user.email, user.id)
        work.emit(pyd.NewUserCreated(user_id=user.id))
    return pyd.User.model_validate(user)


def _claim_to_create(work: UnitOfWork, profile: dict[str, Any]) -> pyd.User:
    """Return what the response would be if the e-mail were not taken, and add a mail that tells the owner of it."""
    mail = crud.outbox.add(work, pyd.MailKind.VERIFY_EMAIL, profile["email"], user_id=None)
    work.emit(pyd.SignUpRepeated(mail_id=mail.id))
    return pyd.User(
        id=crud.users.used_up_id(work),
        created_at=clock.now(),
        is_admin=False,
        last_login=None,
        last_activity=None,
        is_email_verified=False,
        new_email=None,
        **profile,
    )


def _delete(current_user: AuthenticatedUser, confirmed: str | None) -> None:
    with current_user.transaction() as (work, user):
        crud.users.delete(work, user, confirmed=confirmed)
        crud.outbox.delete_unassigned(work, user.email)
        # It names no user, as nothing about a deleted user is kept.
        details = ["is_admin"] if user.is_admin else []
        crud.audit.add(
            work, pyd.AuditAction.ACCOUNT_DELETED, actor_id=None, target_id=None, address=None, details=details
        )
        work.emit(pyd.UserDeleted(user_id=user.id))


def _update(
    current_user: AuthenticatedUser,
    changes: dict[str, Any],
    confirmed: str | None,
    updates: Attempts,
    *,
    verifies_emails: bool,
) -> pyd.User:
    profile = {name: value for name, value in changes.items() if name != "email"}
    email = changes.get("email")
    with current_user.transaction() as (work, owner):
        user = crud.users.read_for_update(work, owner.id, confirmed=confirmed)
        # Not before the token is verified: a revoked one must not use up the limit of its user.
        rate_limits.rate_limiter.count(updates)
        if email == user.email:
            profile["new_email"] = None
            if not user.is_email_verified:
                crud.outbox.add(work, pyd.MailKind.VERIFY_EMAIL, email, user.id)
        elif email is not None and verifies_emails:
            # Whether another account has it is decided when the mail is sent: the response must not reveal it.
            profile["new_email"] = email
            crud.outbox.add(work, pyd.MailKind.VERIFY_EMAIL, email, user.id)
        elif email is not None:
            verification.change_email(work, user, email)
        crud.users.update(work, user, profile)
        current_user.record(work, pyd.AuditAction.ACCOUNT_UPDATED, target_id=user.id, details=sorted(changes))
        work.emit(pyd.UserUpdated(user_id=user.id, fields=sorted(changes)))
    return pyd.User.model_validate(user)
