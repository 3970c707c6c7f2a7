"""Login with e-mail and password."""

import hmac

from fastapi.requests import HTTPConnection

from .. import crud
from .. import exceptions
from ..crud.users import UserRow
from ..database import database
from ..http import client_addresses
from ..pydmodels import emails
from ..runtime.threads import route_threads
from . import passwords
from . import rate_limits

HASH_LENGTH = 16


async def log_in(request: HTTPConnection, email: str, password: str) -> UserRow:
    """Return the user with this e-mail and password, and cancel the user's password resets.

    An outdated hash is replaced.

    Raises:
        WrongLogin: the e-mail or the password is wrong; both cases have the same message and duration.
        RateLimited: too many logins failed for this e-mail or from this address.
    """
    user = await route_threads.run(database.read, crud.users.read_by_email, email)
    hashed = user.hashed_password if user else passwords.UNKNOWN_USER_HASH
    matches, new_hash = await passwords.verify_password(password, hashed, rate_limits.login(request, email))
    if user is None or not matches:
        hashed_email = _keyed_hash(request, emails.recognize(email))
        hashed_address = _keyed_hash(request, client_addresses.networks_of(request)[0])
        raise exceptions.WrongLogin(hashed_email=hashed_email, hashed_address=hashed_address)
    await route_threads.run(_finish, user, new_hash)
    return user


def _keyed_hash(request: HTTPConnection, text: str) -> str:
    """Return a hash for the log, by which failed logins can be counted but the text cannot be found."""
    key = request.app.state.settings.jwt_secret.get_secret_value().encode()
    return hmac.new(key, f"failed login {text}".encode(), "sha256").hexdigest()[:HASH_LENGTH]


def _finish(user: UserRow, new_hash: str | None) -> None:
    with database.transaction() as work:
        crud.users.lock(work, user.id)
        if new_hash is not None:
            crud.users.replace_hash(work, user.id, outdated=user.hashed_password, new=new_hash)
        # A user who can log in needs no open reset link. The event handler runs later, and would have
        # to compare instants in order to keep the links that were requested after the login.
        crud.password_resets.cancel_all(work, user.id, user.email)
