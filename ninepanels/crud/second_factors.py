"""Queries on second factors."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from .. import exceptions
from .. import pydmodels as pyd
from .. import sqlmodels as sql
from ..pydmodels import emails
from . import tokens
from . import users
from .executor import Executor
from .tokens import Bearer
from .users import UserRow

_FACTOR = sql.SecondFactor
_USER_WITH = select(*users.COLUMNS, _FACTOR.is_confirmed).outerjoin(_FACTOR, _FACTOR.user_id == sql.User.id)
_STATE = (
    select(_FACTOR.is_confirmed, _FACTOR.recovery_hashes)
    .select_from(sql.User)
    .outerjoin(_FACTOR, _FACTOR.user_id == sql.User.id)
    .where(*tokens.VERIFIED)
)


def read_for_login(executor: Executor, email: str) -> tuple[UserRow | None, bool]:
    """Return the user with this e-mail, which is normalized first, and whether the login needs a second factor."""
    row = executor.execute(_USER_WITH.where(sql.User.email == emails.recognize(email))).one_or_none()
    if row is None:
        return None, False
    *user, is_confirmed = row
    return UserRow(*user), bool(is_confirmed)


def read_state(executor: Executor, bearer: Bearer) -> pyd.TotpState:
    """Return whether logins of a bearer need a second factor, and how many recovery codes are left.

    Raises:
        NotFound: the bearer is not verified.
    """
    row = executor.execute(_STATE, bearer.parameters()).one_or_none()
    if row is None:
        raise exceptions.NotFound
    return pyd.TotpState(is_on=bool(row.is_confirmed), recovery_codes_left=len(row.recovery_hashes or ()))


def is_on(executor: Executor, user_id: int) -> bool:
    """Return whether logins of a user need a second factor."""
    return bool(executor.scalar(select(_FACTOR.is_confirmed).where(_FACTOR.user_id == user_id)))


def read(session: Session, user_id: int) -> sql.SecondFactor | None:
    """Return the second factor of a user, who must be locked, or None."""
    return session.get(_FACTOR, user_id, populate_existing=True)


def start(session: Session, user_id: int, encrypted_secret: str) -> None:
    """Add a second factor of a user, who must be locked. It replaces one that is not confirmed.

    Raises:
        SecondFactorOn: the user has one that is confirmed.
    """
    factor = read(session, user_id)
    if factor is None:
        factor = _FACTOR(user_id=user_id, is_confirmed=False, last_step=0, recovery_hashes=[])
        session.add(factor)
    elif factor.is_confirmed:
        raise exceptions.SecondFactorOn
    factor.encrypted_secret = encrypted_secret
    session.flush()


def delete(session: Session, factor: sql.SecondFactor) -> None:
    """Delete a second factor."""
    session.delete(factor)


def encrypt_again(session: Session, encrypt: Callable[[str], str]) -> None:
    """Replace each encrypted secret by what `encrypt` returns for it, unless its user replaces it concurrently."""
    for user_id, secret in session.execute(select(_FACTOR.user_id, _FACTOR.encrypted_secret)).all():
        if (encrypted := encrypt(secret)) != secret:
            unchanged = sql_update(_FACTOR).where(_FACTOR.user_id == user_id, _FACTOR.encrypted_secret == secret)
            session.execute(unchanged.values(encrypted_secret=encrypted))
