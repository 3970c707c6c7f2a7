"""Queries on users."""

from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy import case
from sqlalchemy import delete as sql_delete
from sqlalchemy import exists
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy import update as sql_update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm import Session
from sqlalchemy.orm import aliased

from .. import clock
from .. import exceptions
from .. import sqlmodels as sql
from ..pydmodels import emails
from . import audit
from .executor import Executor
from .executor import dialect
from .executor import insert


class UserRow(NamedTuple):
    """A row of the users table, for reading only; much faster to load than a `sql.User`."""

    id: int
    email: str
    name: str
    hashed_password: str
    is_admin: bool
    timezone: str
    day_starts_at: int
    created_at: datetime
    last_login: datetime | None
    last_activity: datetime | None
    tokens_valid_after: datetime | None
    token_generation: int
    is_email_verified: bool
    new_email: str | None


COLUMNS = [sql.User.__table__.columns[name] for name in UserRow._fields]
"""The columns of a `UserRow`, in the order of its fields."""

_USED_UP_ID = {
    "postgresql": text("SELECT currval(pg_get_serial_sequence('users', 'id'))"),
    "sqlite": text("SELECT seq FROM sqlite_sequence WHERE name = 'users'"),
}


def create(
    session: Session,
    *,
    email: str,
    is_email_verified: bool,
    name: str,
    hashed_password: str,
    timezone: str,
    day_starts_at: int,
) -> sql.User:
    """Create a user. A token issued until now is not theirs: the id was another user's if the database was replaced.

    Raises:
        EmailTaken: another user, who may sign up concurrently, has the e-mail.
    """
    now = clock.now()
    values = {
        "email": email,
        "is_email_verified": is_email_verified,
        "name": name,
        "hashed_password": hashed_password,
        "timezone": timezone,
        "day_starts_at": day_starts_at,
        "created_at": now,
        "tokens_valid_after": now,
    }
    # PostgreSQL would log the e-mail and the hash of a statement that fails.
    added = insert(session, sql.User).values(values).on_conflict_do_nothing(index_elements=[sql.User.email])
    user: sql.User | None = session.scalar(added.returning(sql.User))
    if user is None:
        raise exceptions.EmailTaken
    return user


def used_up_id(session: Session) -> int:
    """Return an id that no user gets: the one that a user would have got whose e-mail is taken.

    `create` has taken it from the sequence before it raised EmailTaken.
    """
    user_id: int = session.scalars(_USED_UP_ID[dialect(session)]).one()
    return user_id


def read(session: Session, user_id: int) -> sql.User | None:
    """Return a user, or None if they do not exist."""
    return session.get(sql.User, user_id)


def read_all(executor: Executor, *, offset: int, limit: int) -> tuple[list[UserRow], int]:
    """Return a page of users ordered by sign-up, and the number of all users."""
    page = executor.execute(select(*COLUMNS).order_by(sql.User.id).offset(offset).limit(limit))
    total = executor.scalar(select(func.count()).select_from(sql.User))
    return [UserRow(*row) for row in page], total or 0


def read_by_email(executor: Executor, email: str) -> UserRow | None:
    """Return the user with this e-mail, which is normalized first."""
    row = executor.execute(select(*COLUMNS).where(sql.User.email == emails.recognize(email))).one_or_none()
    return None if row is None else UserRow(*row)


def read_by_email_for_update(session: Session, email: str) -> sql.User | None:
    """Return the user with this e-mail, or None, and lock them as `lock` does."""
    query = select(sql.User).where(sql.User.email == email).with_for_update(key_share=True)
    return session.scalar(query, execution_options={"populate_existing": True})


def read_for_update(session: Session, user_id: int, *, confirmed: str | None = None) -> sql.User:
    """Return a user's current row and lock it as `lock` does.

    `confirmed` is the hash of the current password, if the user has confirmed the change with it.

    Raises:
        NotAuthenticated: the user was deleted.
        WrongPassword: the password was changed since it was confirmed.
    """
    user = session.get(sql.User, user_id, populate_existing=True, with_for_update={"key_share": True})
    if user is None:
        raise exceptions.NotAuthenticated
    if confirmed is not None and user.hashed_password != confirmed:
        raise exceptions.WrongPassword
    return user


def update(session: Session, user: sql.User, changes: dict[str, Any]) -> None:
    """Set the columns in `changes` of a locked user."""
    for column, value in changes.items():
        setattr(user, column, value)
    session.flush()


def change_email(session: Session, user_id: int, email: str) -> None:
    """Change the e-mail of a user. The new one counts as verified.

    Raises:
        EmailTaken: another user has the e-mail.
    """
    other = aliased(sql.User)
    # Without the condition, PostgreSQL would log the e-mail. The constraint is violated only by concurrent changes.
    is_taken = exists().where(other.email == email, other.id != user_id)
    changed = sql_update(sql.User).where(sql.User.id == user_id, ~is_taken)
    changed = changed.values(email=email, is_email_verified=True, new_email=None)
    try:
        user = session.scalar(changed.returning(sql.User), execution_options={"populate_existing": True})
    except IntegrityError as error:
        raise exceptions.EmailTaken from error
    if user is None:
        raise exceptions.EmailTaken


def delete(session: Session, user: UserRow, *, confirmed: str | None) -> None:
    """Delete a user and, by cascade, all their data. `confirmed` is the password hash that confirms it, if one does.

    Raises:
        NotAuthenticated: the user was deleted.
        WrongPassword: the password was changed since it was confirmed.
        LastAdmin: no admin would remain.
    """
    # Admins are locked in the order of their ids before the user is: two who delete their accounts cannot deadlock.
    others = {*_lock_admins(session)} - {user.id} if user.is_admin else set()
    locked = read_for_update(session, user.id, confirmed=confirmed)
    if locked.is_admin and not others:
        raise exceptions.LastAdmin
    # The user is locked: an account change could otherwise add an event that the deletion only makes anonymous.
    audit.forget(session, user.id)
    session.execute(sql_delete(sql.User).where(sql.User.id == user.id))


def change_password(session: Session, user_id: int, *, confirmed: str, hashed_password: str, at: datetime) -> sql.User:
    """Replace the password hash `confirmed`, and revoke every token issued so far, or until `at`.

    Raises:
        WrongPassword: the password was changed since it was confirmed.
    """
    user = _change_password(session, hashed_password, at, sql.User.id == user_id, sql.User.hashed_password == confirmed)
    if user is None:
        raise exceptions.WrongPassword
    return user


def reset_password(session: Session, user_id: int, hashed_password: str) -> sql.User:
    """Set a user's password hash, and revoke every token issued so far. The e-mail counts as verified.

    A new e-mail that waits for its verification is discarded, and so is the second factor if the e-mail was not
    verified: they may be those of a stranger.

    Raises:
        NotAuthenticated: the user was deleted.
    """
    user = _change_password(session, hashed_password, clock.now(), sql.User.id == user_id)
    if user is None:
        raise exceptions.NotAuthenticated
    if not user.is_email_verified:
        session.execute(sql_delete(sql.SecondFactor).where(sql.SecondFactor.user_id == user.id))
    update(session, user, {"is_email_verified": True, "new_email": None})
    return user


def revoke_tokens(session: Session, user_id: int, at: datetime) -> None:
    """Revoke every token issued so far, or until `at`.

    Raises:
        NotAuthenticated: the user was deleted.
    """
    revoked = sql_update(sql.User).where(sql.User.id == user_id).values(_revocation(at))
    if session.scalar(revoked.returning(sql.User.id)) is None:
        raise exceptions.NotAuthenticated


def set_admin(session: Session, user_id: int, *, is_admin: bool, actor_id: int | None = None) -> sql.User:
    """Grant or revoke a user's admin rights. `actor_id` is the id of the admin who does it; the operator has none.

    Raises:
        NotAllowed: the actor is no admin any more, or was deleted.
        NotFound: the user does not exist.
        LastAdmin: no admin would remain.
    """
    admins = _lock_admins(session)
    if actor_id is not None and actor_id not in admins:
        raise exceptions.NotAllowed
    if not is_admin and admins == [user_id]:
        raise exceptions.LastAdmin
    user = session.get(sql.User, user_id, populate_existing=True, with_for_update={"key_share": True})
    if user is None:
        raise exceptions.NotFound("There is no such user.")
    user.is_admin = is_admin
    session.flush()
    return user


def lock(session: Session, user_id: int) -> None:
    """Lock a user until the transaction ends.

    SQLite has no row locks and needs none, because writing transactions are serialized. FOR NO KEY UPDATE does not
    block foreign key checks of other transactions.

    Raises:
        NotAuthenticated: the user was deleted.
    """
    locked = select(sql.User.id).where(sql.User.id == user_id).with_for_update(key_share=True)
    if session.scalar(locked) is None:
        raise exceptions.NotAuthenticated


def raise_revision(session: Session, user_id: int, by: int = 1, *, deletes: bool = False) -> int:
    """Raise a user's revision by the number of changes, lock the user as `lock` does, and return the new revision.

    `deletes` is true if the change deletes rows. Clients that have read an earlier revision then read all rows again.

    Raises:
        NotAuthenticated: the user was deleted.
    """
    raised = sql.User.revision + by
    values = {"revision": raised} | ({"deleted_revision": raised} if deletes else {})
    update = sql_update(sql.User).where(sql.User.id == user_id).values(values).returning(sql.User.revision)
    revision = session.scalar(update, execution_options={"synchronize_session": False})
    if revision is None:
        raise exceptions.NotAuthenticated
    return revision


def raise_all_revisions(session: Session) -> None:
    """Raise the revisions of all users beyond those that they can have reached before a backup was restored.

    Clients that have read an earlier revision then read all rows again, as after a deletion. The new revisions are the
    milliseconds since 1970: fewer changes than that have been made, and restoring the same backup again gives others.
    """
    earliest = literal(clock.milliseconds(), sql.User.revision.type)
    raised = case((sql.User.revision >= earliest, sql.User.revision + 1), else_=earliest)
    update = sql_update(sql.User).values(revision=raised, deleted_revision=raised)
    session.execute(update, execution_options={"synchronize_session": False})


def replace_hash(session: Session, user_id: int, *, outdated: str, new: str) -> None:
    """Replace an outdated hash by a new hash of the same password, unless the password was changed since."""
    session.execute(
        sql_update(sql.User)
        .where(sql.User.id == user_id, sql.User.hashed_password == outdated)
        .values(hashed_password=new)
    )


def record_login(session: Session, user_id: int, at: datetime) -> None:
    """Set the last login and activity, unless later ones are recorded; events may be handled in any order."""
    activity = case((_is_before(sql.User.last_activity, at), at), else_=sql.User.last_activity)
    session.execute(
        sql_update(sql.User)
        .where(sql.User.id == user_id, _is_before(sql.User.last_login, at))
        .values(last_login=at, last_activity=activity)
    )


def record_activity(session: Session, user_id: int, at: datetime, interval: timedelta) -> None:
    """Set the last activity, unless the recorded one, perhaps of another instance, is less than `interval` older."""
    session.execute(
        sql_update(sql.User)
        .where(sql.User.id == user_id, _is_before(sql.User.last_activity, at - interval))
        .values(last_activity=at)
    )


def _lock_admins(session: Session) -> list[int]:
    """Lock all admins and return their ids, so that the last two cannot lose their rights concurrently."""
    admins = select(sql.User.id).where(sql.User.is_admin).order_by(sql.User.id).with_for_update(key_share=True)
    return list(session.scalars(admins))


def _is_before(recorded: InstrumentedAttribute[datetime | None], at: datetime) -> ColumnElement[bool]:
    """Return whether the recorded instant is missing, not after `at`, or in the future because of a wrong clock."""
    return or_(recorded.is_(None), recorded <= at, recorded > clock.now() + clock.MAX_SKEW)


def _change_password(session: Session, hashed: str, at: datetime, *conditions: ColumnElement[bool]) -> sql.User | None:
    values = {"hashed_password": hashed} | _revocation(at)
    changed = sql_update(sql.User).where(*conditions).values(values).returning(sql.User)
    return session.scalar(changed, execution_options={"populate_existing": True})


def _revocation(at: datetime) -> dict[str, Any]:
    # `tokens_valid_after` never moves back: a clock that is set back or slow must not make revoked tokens valid.
    earliest = literal(at, sql.User.tokens_valid_after.type)
    latest = case((sql.User.tokens_valid_after > earliest, sql.User.tokens_valid_after), else_=earliest)
    return {"tokens_valid_after": latest, "token_generation": sql.User.token_generation + 1}
