"""Login with e-mail and password."""

import hmac
from datetime import datetime

from fastapi.requests import HTTPConnection

from .. import clock
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..crud.users import UserRow
from ..database import UnitOfWork
from ..database import database
from ..http import client_addresses
from ..pydmodels import emails
from ..runtime.threads import route_threads
from . import passwords
from . import rate_limits
from . import second_factor
from . import sessions
from .rate_limits import Attempts

HASH_LENGTH = 16


async def log_in(request: HTTPConnection, email: str, password: str, code: str) -> pyd.Token:
    """Return an access token of the user with this e-mail, password and, if they have a second factor, code.

    The user's password resets are cancelled. An outdated hash is replaced.

    Raises:
        WrongLogin: the e-mail or the password is wrong; both cases have the same message and duration.
        SecondFactorRequired: the user has a second factor, and `code` is empty.
        WrongSecondFactor: the code is wrong or was used.
        RateLimited: too many logins failed for this e-mail or from this address.
    """
    at = clock.now()
    user, has_second_factor = await route_threads.run(database.read, crud.second_factors.read_for_login, email)
    attempts = rate_limits.login(request, email)
    hashed = user.hashed_password if user else passwords.UNKNOWN_USER_HASH
    matches, new_hash = await passwords.verify_password(password, hashed, attempts)
    if user is None or not matches:
        raise exceptions.WrongLogin(**_hashes_for_the_log(request, email))
    if has_second_factor and not code:
        raise exceptions.SecondFactorRequired
    needed_code = code if has_second_factor else None
    return await route_threads.run(_finish, user, new_hash, needed_code, attempts.failed, at)


def _hashes_for_the_log(request: HTTPConnection, email: str) -> dict[str, str]:
    address = client_addresses.networks_of(request)[0]
    return {
        "hashed_email": _keyed_hash(request, emails.recognize(email)),
        "hashed_address": _keyed_hash(request, address),
    }


def _keyed_hash(request: HTTPConnection, text: str) -> str:
    """Return a hash for the log, by which failed logins can be counted but the text cannot be found."""
    key = request.app.state.settings.jwt_secret.get_secret_value().encode()
    return hmac.new(key, f"failed login {text}".encode(), "sha256").hexdigest()[:HASH_LENGTH]


def _finish(user: UserRow, new_hash: str | None, code: str | None, attempts: Attempts, at: datetime) -> pyd.Token:
    with database.transaction() as work:
        crud.users.lock(work, user.id)
        if code is not None:
            _check_second_factor(work, user, code, attempts)
        if new_hash is not None:
            crud.users.replace_hash(work, user.id, outdated=user.hashed_password, new=new_hash)
        # A user who can log in needs no open reset link. The event handler runs later, and would have
        # to compare instants in order to keep the links that were requested after the login.
        crud.password_resets.cancel_all(work, user.id, user.email)
        work.emit(pyd.UserLoggedIn(user_id=user.id, at=at))
        return sessions.start(work, user, at, attempts.request, has_second_factor=code is not None)


def _check_second_factor(work: UnitOfWork, user: UserRow, code: str, attempts: Attempts) -> None:
    factor = crud.second_factors.read(work, user.id)
    # Without a factor, it was switched off since the user was read. The next login needs no code.
    if factor is None or not second_factor.use(work, factor, code, attempts):
        raise exceptions.WrongSecondFactor(**_hashes_for_the_log(attempts.request, user.email))
