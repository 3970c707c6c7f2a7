"""Logout, password change and password reset."""

from fastapi import Request

from .. import clock
from .. import crud
from .. import pydmodels as pyd
from ..accounts import passwords
from ..accounts import rate_limits
from ..accounts import tokens
from ..accounts.current_user import AuthenticatedUser
from ..accounts.current_user import CurrentUser
from ..config import Settings
from ..database import database
from ..http import client_addresses
from ..http.bodies import or_form
from ..http.routing import APIRouter
from ..runtime.threads import route_threads

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/logout")
def log_out(current_user: CurrentUser) -> pyd.Success:
    """Log out: the token of this request is revoked."""
    with current_user.transaction() as (work, user):
        token = current_user.token
        crud.tokens.blacklist(work, user.id, jti=token.jti, expires_at=token.expires_at)
        work.emit(pyd.UserLoggedOut(user_id=user.id, everywhere=False))
    return pyd.Success()


@router.post("/logout_everywhere")
def log_out_everywhere(current_user: CurrentUser) -> pyd.Success:
    """Log out on every device: all tokens issued so far are revoked."""
    with current_user.transaction() as (work, user):
        crud.users.revoke_tokens(work, user.id, max(clock.now(), current_user.token.issued_at))
        work.emit(pyd.UserLoggedOut(user_id=user.id, everywhere=True))
    return pyd.Success()


@router.post("/change_password", openapi_extra=or_form(pyd.PasswordChange))
async def change_password(body: pyd.PasswordChange, current_user: CurrentUser, request: Request) -> pyd.NewLogin:
    """Change the password. All tokens issued so far are revoked; the response contains a new one."""
    confirmed = await current_user.confirm_password(body.current_password)
    attempts = rate_limits.account_change(current_user.token.user_id, client_addresses.of(request))
    await route_threads.run(rate_limits.rate_limiter.count, attempts)
    hashed_password = await passwords.hash_password(body.new_password)
    settings: Settings = request.app.state.settings
    token = await route_threads.run(_change_password, current_user, confirmed, hashed_password, settings)
    return pyd.NewLogin(**token.model_dump())


@router.post("/request_password_reset", openapi_extra=or_form(pyd.PasswordResetRequest))
def request_password_reset(body: pyd.PasswordResetRequest, request: Request) -> bool:
    """Request an e-mail with a reset link. The response is the same whether or not the account exists."""
    rate_limits.rate_limiter.count(rate_limits.reset_request(body.email, client_addresses.of(request)))
    with database.transaction() as work:
        # The account is looked up when the mail is sent, so the response time does not reveal whether it exists.
        mail = crud.outbox.add(work, pyd.MailKind.PASSWORD_RESET, body.email, user_id=None)
        work.emit(pyd.PasswordResetRequested(mail_id=mail.id))
    return True


@router.post("/password_reset", openapi_extra=or_form(pyd.PasswordReset))
async def reset_password(body: pyd.PasswordReset) -> bool:
    """Set a new password with the token of a reset link. All access tokens issued so far are revoked."""
    token_hash = tokens.hash_reset_token(body.password_reset_token)
    # The token is checked before the new password is hashed, so that a wrong token is cheap to refuse.
    await route_threads.run(database.read, crud.password_resets.check, body.email, token_hash)
    hashed_password = await passwords.hash_password(body.new_password)
    await route_threads.run(_reset_password, body.email, token_hash, hashed_password)
    return True


def _change_password(
    current_user: AuthenticatedUser, confirmed: str, hashed_password: str, settings: Settings
) -> pyd.Token:
    at = max(clock.now(), current_user.token.issued_at)
    with current_user.transaction() as (work, owner):
        user = crud.users.change_password(work, owner.id, confirmed=confirmed, hashed_password=hashed_password, at=at)
        crud.password_resets.cancel_all(work, user.id, user.email)
        crud.outbox.add(work, pyd.MailKind.PASSWORD_CHANGED, user.email, user.id)
        work.emit(pyd.PasswordChanged(user_id=user.id))
    return tokens.issue_token(user, at, settings)


def _reset_password(email: str, token_hash: str, hashed_password: str) -> None:
    with database.transaction() as work:
        user_id = crud.password_resets.use(work, email, token_hash)
        crud.password_resets.cancel_all(work, user_id, email)
        user = crud.users.reset_password(work, user_id, hashed_password)
        crud.outbox.add(work, pyd.MailKind.PASSWORD_CHANGED, user.email, user.id)
        work.emit(pyd.PasswordChanged(user_id=user.id))
