"""Logout, password change and password reset."""

from typing import Literal

from fastapi import Request

from .. import clock
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts import passwords
from ..accounts import rate_limits
from ..accounts import sessions
from ..accounts import tokens
from ..accounts import verification
from ..accounts.current_user import AuthenticatedUser
from ..accounts.current_user import CurrentUser
from ..database import database
from ..http import client_addresses
from ..http.bodies import or_form
from ..http.documentation import DATABASE_ERRORS
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples
from ..runtime.threads import route_threads

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/logout", operation_id="logOut", summary="Log out")
@documented(example=Example(examples.SUCCESS))
def log_out(current_user: CurrentUser) -> pyd.Success:
    """Revokes the access token of this request. Other tokens stay valid."""
    with current_user.transaction() as (work, user):
        token = current_user.token
        crud.sessions.end(work, user.id, jti=token.jti, expires_at=token.expires_at)
        work.emit(pyd.UserLoggedOut(user_id=user.id, everywhere=False))
    return pyd.Success()


@router.post("/logout_everywhere", operation_id="logOutEverywhere", summary="Log out on every device")
@documented(example=Example(examples.SUCCESS))
def log_out_everywhere(current_user: CurrentUser) -> pyd.Success:
    """Revokes every access token issued to you so far."""
    with current_user.transaction() as (work, user):
        crud.users.revoke_tokens(work, user.id, max(clock.now(), current_user.token.issued_at))
        current_user.record(work, pyd.AuditAction.LOGINS_REVOKED, target_id=user.id)
        crud.sessions.forget(work, user.id)
        work.emit(pyd.UserLoggedOut(user_id=user.id, everywhere=True))
    return pyd.Success()


@router.post(
    "/change_password",
    operation_id="changePassword",
    summary="Change your password",
    openapi_extra=or_form(pyd.PasswordChange),
)
@documented(
    raises=(exceptions.WrongPassword, exceptions.RateLimited),
    example=Example(examples.NEW_LOGIN, {"current_password": "correct horse", "new_password": "correct horse battery"}),
)
async def change_password(body: pyd.PasswordChange, current_user: CurrentUser, request: Request) -> pyd.NewLogin:
    """Changes the password, and revokes every access token issued to you so far. The response contains a new one."""
    confirmed = await current_user.confirm_password(body.current_password)
    attempts = rate_limits.account_change(request, current_user.token.user_id)
    await route_threads.run(rate_limits.rate_limiter.count, attempts)
    hashed_password = await passwords.hash_password(body.new_password)
    token = await route_threads.run(_change_password, current_user, confirmed, hashed_password)
    return pyd.NewLogin(**token.model_dump())


@router.post(
    "/request_password_reset",
    operation_id="requestPasswordReset",
    summary="Request a password reset",
    openapi_extra=or_form(pyd.PasswordResetRequest),
)
@documented(
    raises=(exceptions.RateLimited, *DATABASE_ERRORS), example=Example(data=True, body={"email": "ada@example.com"})
)
def request_password_reset(body: pyd.PasswordResetRequest, request: Request) -> Literal[True]:
    """Sends an e-mail with a reset link, if an account with this e-mail exists. The response does not say whether."""
    rate_limits.rate_limiter.count(rate_limits.reset_request(request, body.email))
    with database.transaction() as work:
        # The account is looked up when the mail is sent, so the response time does not reveal whether it exists.
        mail = crud.outbox.add(work, pyd.MailKind.PASSWORD_RESET, body.email, user_id=None)
        work.emit(pyd.PasswordResetRequested(mail_id=mail.id))
    return True


@router.post(
    "/password_reset",
    operation_id="resetPassword",
    summary="Reset your password",
    openapi_extra=or_form(pyd.PasswordReset),
)
@documented(
    raises=(exceptions.InvalidResetToken, *DATABASE_ERRORS),
    example=Example(
        data=True,
        body={
            "email": "ada@example.com",
            "password_reset_token": "JDXgJEsrQbCdfLR6u5lrcZ2xwRdkZiGn0k5O1rCuQ1Q",
            "new_password": "correct horse battery",
        },
    ),
)
async def reset_password(body: pyd.PasswordReset, request: Request) -> Literal[True]:
    """Sets a new password with the token of a reset link, which can be used once.

    Every access token issued to you so far is revoked. Log in with the new password.
    """
    token_hash = tokens.hash_reset_token(body.password_reset_token)
    # The token is checked before the new password is hashed, so that a wrong token is cheap to refuse.
    await route_threads.run(database.read, crud.password_resets.check, body.email, token_hash)
    hashed_password = await passwords.hash_password(body.new_password)
    address = client_addresses.of(request)
    await route_threads.run(_reset_password, body.email, token_hash, hashed_password, address)
    return True


@router.post(
    "/verify_email",
    operation_id="verifyEmail",
    summary="Verify your e-mail",
    openapi_extra=or_form(pyd.EmailVerification),
)
@documented(
    raises=(exceptions.InvalidVerificationToken, *DATABASE_ERRORS),
    example=Example(examples.SUCCESS, {"verification_token": examples.VERIFICATION_TOKEN}),
)
def verify_email(body: pyd.EmailVerification, request: Request) -> pyd.Success:
    """Verifies an e-mail with the token of the link in a mail to it, which needs no login.

    If it is the `new_email` of an account, it replaces the `email`. The user then logs in with the new one.
    """
    claim = verification.read_token(body.verification_token, request.app.state.settings)
    with database.transaction() as work:
        verification.verify(work, claim, client_addresses.of(request))
    return pyd.Success()


def _change_password(current_user: AuthenticatedUser, confirmed: str, hashed_password: str) -> pyd.Token:
    at = max(clock.now(), current_user.token.issued_at)
    with current_user.transaction() as (work, owner):
        user = crud.users.change_password(work, owner.id, confirmed=confirmed, hashed_password=hashed_password, at=at)
        crud.sessions.forget(work, user.id)
        crud.password_resets.cancel_all(work, user.id, user.email)
        crud.outbox.notify(work, pyd.MailKind.PASSWORD_CHANGED, user)
        current_user.record(work, pyd.AuditAction.PASSWORD_CHANGED, target_id=user.id)
        work.emit(pyd.PasswordChanged(user_id=user.id))
        has_second_factor = current_user.token.has_second_factor
        return sessions.start(work, user, at, current_user.request, has_second_factor=has_second_factor)


def _reset_password(email: str, token_hash: str, hashed_password: str, address: str | None) -> None:
    with database.transaction() as work:
        user_id = crud.password_resets.use(work, email, token_hash)
        crud.password_resets.cancel_all(work, user_id, email)
        user = crud.users.reset_password(work, user_id, hashed_password)
        crud.sessions.forget(work, user_id)
        crud.outbox.notify(work, pyd.MailKind.PASSWORD_CHANGED, user)
        crud.audit.add(work, pyd.AuditAction.PASSWORD_RESET, actor_id=user.id, target_id=user.id, address=address)
        work.emit(pyd.PasswordChanged(user_id=user.id))
