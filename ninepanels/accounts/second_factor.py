"""The second factor of a user: switched on and off, and checked at a login."""

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from ..config import Settings
from ..database import UnitOfWork
from ..http import client_addresses
from . import rate_limits
from . import totp
from .current_user import AuthenticatedUser
from .rate_limits import Attempts


def start(current_user: AuthenticatedUser, confirmed: str) -> pyd.TotpSecret:
    """Write a new secret for the authenticator app of a user; `confirmed` is the hash of the confirmed password.

    Raises:
        WrongPassword: the password was changed since it was confirmed.
        EmailNotVerified: the e-mail is not verified.
        SecondFactorOn: logins need a second factor already.
    """
    secret = totp.new_secret()
    with current_user.transaction() as (work, owner):
        user = crud.users.read_for_update(work, owner.id, confirmed=confirmed)
        settings = current_user.request.app.state.settings
        _require_verified_email(user, settings)
        crud.second_factors.start(work, user.id, totp.encrypt(secret, settings))
    return pyd.TotpSecret(secret=secret, otpauth_uri=totp.uri(secret, user.email))


def confirm(current_user: AuthenticatedUser, code: str) -> pyd.NewRecoveryCodes:
    """Switch the second factor on: from now on, logins need it.

    Raises:
        EmailNotVerified: the e-mail is not verified.
        NotFound: there is no secret to confirm.
        WrongCode: the code is not that of the secret.
        RateLimited: too many wrong codes.
    """
    with current_user.transaction() as (work, owner):
        user = crud.users.read_for_update(work, owner.id)
        _require_verified_email(user, current_user.request.app.state.settings)
        factor = crud.second_factors.read(work, user.id)
        if factor is None or factor.is_confirmed:
            raise exceptions.NotFound("There is no second factor to confirm.")
        if not use(work, factor, code, _wrong_codes(current_user)):
            raise exceptions.WrongCode
        factor.is_confirmed = True
        recovery_codes = totp.new_recovery_codes(factor)
        crud.outbox.notify(work, pyd.MailKind.SECOND_FACTOR_ON, user)
        current_user.record(work, pyd.AuditAction.SECOND_FACTOR_ON, target_id=user.id)
        work.emit(pyd.SecondFactorChanged(user_id=user.id, is_on=True))
    return pyd.NewRecoveryCodes(recovery_codes=recovery_codes)


def remove(current_user: AuthenticatedUser, confirmed: str, code: str) -> None:
    """Switch the second factor off; `confirmed` is the hash of the confirmed password.

    Raises:
        NotFound: logins need no second factor.
        WrongPassword: the password was changed since it was confirmed.
        WrongCode: the code is wrong or was used.
        RateLimited: too many wrong codes.
    """
    with current_user.transaction() as (work, owner):
        user = crud.users.read_for_update(work, owner.id, confirmed=confirmed)
        factor = crud.second_factors.read(work, user.id)
        if factor is None or not factor.is_confirmed:
            raise exceptions.NotFound("There is no second factor to switch off.")
        if not use(work, factor, code, _wrong_codes(current_user)):
            raise exceptions.WrongCode
        crud.second_factors.delete(work, factor)
        crud.outbox.notify(work, pyd.MailKind.SECOND_FACTOR_OFF, user)
        current_user.record(work, pyd.AuditAction.SECOND_FACTOR_OFF, target_id=user.id)
        work.emit(pyd.SecondFactorChanged(user_id=user.id, is_on=False))


def use(work: UnitOfWork, factor: sql.SecondFactor, code: str, attempts: Attempts) -> bool:
    """Return whether a code is right and was not used, and use it up. A wrong one counts against the limits.

    The user must be locked, so that parallel guesses are counted one after the other. Recovery codes, which cannot be
    guessed, still work when the wrong codes of a day are used up.

    Raises:
        RateLimited: a limit is exhausted; the code was not checked.
    """
    rate_limits.rate_limiter.check(attempts)
    if totp.use_recovery_code(factor, code):
        user_id, address = factor.user_id, client_addresses.of(attempts.request)
        action = pyd.AuditAction.RECOVERY_CODE_USED
        crud.audit.add(work, action, actor_id=user_id, target_id=user_id, address=address)
        return True
    guesses = rate_limits.with_wrong_code(attempts, factor.user_id)
    rate_limits.rate_limiter.check(guesses)
    if totp.use_app_code(factor, code, attempts.request.app.state.settings):
        return True
    rate_limits.rate_limiter.count(guesses)
    return False


def _require_verified_email(user: sql.User, settings: Settings) -> None:
    # Else a stranger could lock the owner of the e-mail out of an account with it.
    if settings.verifies_emails and not user.is_email_verified:
        raise exceptions.EmailNotVerified


def _wrong_codes(current_user: AuthenticatedUser) -> Attempts:
    return rate_limits.recheck(current_user.request, current_user.token.user_id).failed
