"""Queries on the stored responses of requests with an idempotency key.

A response is stored in the transaction whose changes it reports, so it is stored if and only if they are committed. It
is valid for `KEEP`. A response from further in the future comes from a clock that was wrong, and is not valid either.
"""

import hashlib
import math
import zlib
from datetime import timedelta
from typing import Any
from typing import NamedTuple

from sqlalchemy import BigInteger
from sqlalchemy import Boolean
from sqlalchemy import ColumnElement
from sqlalchemy import Select
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import delete as sql_delete
from sqlalchemy import func
from sqlalchemy import literal_column
from sqlalchemy import not_
from sqlalchemy import select
from sqlalchemy import true
from sqlalchemy.orm import Session

from .. import clock
from .. import exceptions
from .. import sqlmodels as sql
from .executor import dialect
from .executor import insert

KEEP = timedelta(hours=24)
MAX_PER_USER = 1_000
"""The most valid responses of a user. Requests that run at the same time can exceed it by their number."""


class Stored(NamedTuple):
    """A response, and the hash of the request that it answers."""

    request_hash: str
    response: bytes


_STORED = sql.IdempotentRequest


def _valid_between(earliest: Any, latest: Any) -> ColumnElement[bool]:
    return and_(_STORED.created_at > earliest, _STORED.created_at < latest)


def _claim(is_free: ColumnElement[bool]) -> Select[Any]:
    """Return the query for the stored response to a request, and for the number and age of all those of its user."""
    valid = _valid_between(bindparam("earliest", type_=sql.Instant), bindparam("latest", type_=sql.Instant))
    of_user = and_(_STORED.user_id == bindparam("user_id"), valid)
    statistics = func.count().label("total"), func.min(_STORED.created_at).label("oldest")
    counted = select(*statistics).where(of_user).subquery()
    columns = is_free.label("is_free"), *counted.columns, _STORED.request_hash, _STORED.response
    return select(*columns).outerjoin_from(counted, _STORED, and_(of_user, _STORED.key_hash == bindparam("key_hash")))


# On PostgreSQL, the lock is held until the transaction ends, and the statement does not wait for it. On SQLite,
# transactions that write run one after the other, so a second request waits and finds the response of the first.
_CLAIM = {
    "postgresql": _claim(func.pg_try_advisory_xact_lock(bindparam("lock", type_=BigInteger), type_=Boolean)),
    "sqlite": _claim(true()),
}


def claim(session: Session, user_id: int, key_hash: str) -> Stored | None:
    """Return what is stored with a key of a user. If there is nothing, reserve the key until the transaction ends.

    Raises:
        IdempotencyKeyInUse: another transaction has reserved the key.
        RateLimited: the user has the maximum number of stored responses.
    """
    now = clock.now()
    parameters: dict[str, Any] = {"user_id": user_id, "key_hash": key_hash}
    parameters |= {"earliest": now - KEEP, "latest": now + KEEP}
    if dialect(session) == "postgresql":
        parameters["lock"] = _lock_of(user_id, key_hash)
    found = session.execute(_CLAIM[dialect(session)], parameters).one()
    if found.request_hash is not None:
        return Stored(found.request_hash, zlib.decompress(found.response))
    if not found.is_free:
        raise exceptions.IdempotencyKeyInUse
    if found.total >= MAX_PER_USER:
        wait = found.oldest + KEEP - now
        raise exceptions.RateLimited(math.ceil(wait.total_seconds()), limit="stored responses of the user")
    return None


def store(session: Session, user_id: int, key_hash: str, stored: Stored) -> None:
    """Store a response with a key that was claimed.

    Raises:
        IdempotencyKeyInUse: a transaction that was committed during `claim` has stored a response.
    """
    now = clock.now()
    values = {
        "created_at": now,
        "request_hash": stored.request_hash,
        "response": zlib.compress(stored.response),
    }
    upsert = insert(session, _STORED).values(user_id=user_id, key_hash=key_hash, **values)
    upsert = upsert.on_conflict_do_update(
        index_elements=[_STORED.user_id, _STORED.key_hash],
        set_={name: upsert.excluded[name] for name in values},
        where=not_(_valid_between(now - KEEP, now + KEEP)),
    )
    if session.scalar(upsert.returning(_STORED.user_id)) is None:
        raise exceptions.IdempotencyKeyInUse


def forget(session: Session, user_id: int) -> None:
    """Delete the stored responses of a user, which may contain what is being deleted."""
    session.execute(sql_delete(_STORED).where(_STORED.user_id == user_id))


def sweep(session: Session, limit: int) -> None:
    """Delete responses that are no longer valid: at most `limit` from the past, and as many from the future."""
    now = clock.now()
    # With the primary key, which has two columns, PostgreSQL would scan the whole table to find the rows again.
    row: ColumnElement[Any] = literal_column({"postgresql": "ctid", "sqlite": "rowid"}[dialect(session)])
    # One statement per range: with an OR, PostgreSQL may scan the whole table instead of the index.
    for invalid in (_STORED.created_at <= now - KEEP, _STORED.created_at >= now + KEEP):
        # Locked rows are skipped, so that instances that sweep concurrently do not block each other.
        rows = select(row).select_from(_STORED).where(invalid).limit(limit).with_for_update(skip_locked=True)
        deletion = sql_delete(_STORED).where(row.in_(rows))
        session.execute(deletion, execution_options={"synchronize_session": False})


def _lock_of(user_id: int, key_hash: str) -> int:
    """Return the number of the lock of a key on PostgreSQL: 64 bits of a hash."""
    digest = hashlib.sha256(f"{user_id} {key_hash}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
