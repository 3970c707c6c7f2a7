"""Logging out, and new passwords."""

from fastapi import APIRouter
from fastapi import Request

from .. import auth
from .. import client_addresses
from .. import clock
from .. import crud
from .. import pydmodels as pyd
from .. import rate_limits
from ..auth import Caller
from ..auth import LoggedIn
from ..bodies import StrictBodyRoute
from ..bodies import or_form
from ..config import Settings
from ..database import database
from ..threads import route_threads

router = APIRouter(prefix="/auth", tags=["auth"], route_class=StrictBodyRoute)


@router.post("/logout")
def log_out(caller: Caller) -> pyd.Success:
    """Log out: this token is dead from now on."""
    with caller.writing() as (work, user):
        crud.tokens.blacklist(work, user.id, jti=caller.token.jti, expires_at=caller.token.expires_at)
        work.emit(pyd.UserLoggedOut(user_id=user.id, everywhere=False))
    return pyd.Success()


@router.post("/logout_everywhere")
def log_out_everywhere(caller: Caller) -> pyd.Success:
    """Log out on every device: every token issued so far is dead from now on."""
    with caller.writing() as (work, user):
        crud.users.revoke_tokens(work, user.id, max(clock.now(), caller.token.issued_at))
        work.emit(pyd.UserLoggedOut(user_id=user.id, everywhere=True))
    return pyd.Success()


@router.post("/change_password", openapi_extra=or_form(pyd.PasswordChange))
async def change_password(body: pyd.PasswordChange, caller: Caller, request: Request) -> pyd.NewLogin:
    """Set a new password; every token issued so far is dead, and here is a fresh one."""
    confirmed = await caller.confirm_password(body.current_password)
    hashed_password = await auth.hash_password(body.new_password)
    settings: Settings = request.app.state.settings
    token = await route_threads.run(_change_password, caller, confirmed, hashed_password, settings)
    return pyd.NewLogin(**token.model_dump())


@router.post("/request_password_reset", openapi_extra=or_form(pyd.PasswordResetRequest))
def request_password_reset(body: pyd.PasswordResetRequest, request: Request) -> bool:
    """Have a link sent that sets a new password; the answer is the same whether or not the account exists."""
    rate_limits.guard.count(rate_limits.reset_request(body.email, client_addresses.of(request)))
    with database.writing() as work:
        # Nothing here asks whether the account exists: what is not done takes no time that could be measured.
        mail = crud.outbox.add(work, pyd.MailKind.PASSWORD_RESET, body.email, user_id=None)
        work.emit(pyd.PasswordResetRequested(mail_id=mail.id))
    return True


@router.post("/password_reset", openapi_extra=or_form(pyd.PasswordReset))
async def reset_password(body: pyd.PasswordReset) -> bool:
    """Set a new password with the token out of the mail; every access token issued so far is dead."""
    token_hash = auth.hash_reset_token(body.password_reset_token)
    await route_threads.run(_check_reset_token, body.email, token_hash)
    hashed_password = await auth.hash_password(body.new_password)
    await route_threads.run(_reset_password, body.email, token_hash, hashed_password)
    return True


def _change_password(caller: LoggedIn, confirmed: str, hashed_password: str, settings: Settings) -> pyd.Token:
    at = max(clock.now(), caller.token.issued_at)
    with caller.writing() as (work, bearer):
        user = crud.users.change_password(work, bearer.id, confirmed=confirmed, hashed_password=hashed_password, at=at)
        crud.password_resets.void_all(work, user.id)
        crud.outbox.add(work, pyd.MailKind.PASSWORD_CHANGED, user.email, user.id)
        work.emit(pyd.PasswordChanged(user_id=user.id))
    return auth.issue_token(user, at, settings)


def _check_reset_token(email: str, token_hash: str) -> None:
    # Before the hash is made: a wrong token is to cost whoever sends it more than us.
    with database.reading() as connection:
        crud.password_resets.check(connection, email, token_hash)


def _reset_password(email: str, token_hash: str, hashed_password: str) -> None:
    with database.writing() as work:
        user_id = crud.password_resets.use(work, email, token_hash)
        crud.password_resets.void_all(work, user_id)
        user = crud.users.reset_password(work, user_id, hashed_password)
        crud.outbox.add(work, pyd.MailKind.PASSWORD_CHANGED, user.email, user.id)
        work.emit(pyd.PasswordChanged(user_id=user.id))
