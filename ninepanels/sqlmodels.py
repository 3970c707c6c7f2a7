"""The tables."""

import uuid
from collections.abc import Callable
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy import BigInteger
from sqlalchemy import CheckConstraint
from sqlalchemy import DateTime
from sqlalchemy import Dialect
from sqlalchemy import Double
from sqlalchemy import ForeignKey
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import LargeBinary
from sqlalchemy import MetaData
from sqlalchemy import SmallInteger
from sqlalchemy import String
from sqlalchemy import Text
from sqlalchemy import TypeDecorator
from sqlalchemy import UniqueConstraint
from sqlalchemy import text
from sqlalchemy import true
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

# SQLite generates ids only for a column declared INTEGER. An INTEGER of SQLite has 64 bits, as a BIGINT has.
Id = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, also on SQLite, which stores no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; on SQLite, to a naive datetime."""
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    # SQLAlchemy passes `coltype` by position.
    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002
        """Return the conversion of what the driver returns; in one step on SQLite, because a list has many instants."""
        return _parse_text if dialect.name == "sqlite" else _convert_to_utc


def _parse_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _convert_to_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of all tables. All constraints are named, so that migrations can refer to them on both databases."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(column_0_N_label)s",
        }
    )


# Without AUTOINCREMENT SQLite reuses the ids of deleted rows, so a deleted user's token would belong to another user.
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}

SECRET: dict[Any, Any] = {"secret": True}
"""Marks a column whose values must not be displayed, not even to operators."""


class User(Base):
    """A user account. `email` is stored in lower case, so that it is unique regardless of case.

    Access tokens of an earlier `token_generation`, or issued at or before `tokens_valid_after`, are revoked. The
    generation also revokes tokens that were issued by a clock that was ahead.

    `is_email_verified` is true if the user has opened a link in a mail to `email`, or if the service verified no
    e-mails when the user signed up. `new_email` replaces `email` once it is verified; another account may have it.

    `revision` counts the changes of the user's panels and entries; each changed row holds the revision of its last
    change. `deleted_revision` is the revision of the last deletion, because a deleted row holds none.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("day_starts_at BETWEEN 0 AND 5", "day_starts_at"),
        Index("ix_users_admins", "id", postgresql_where=text("is_admin"), sqlite_where=text("is_admin = 1")),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    is_email_verified: Mapped[bool] = mapped_column(default=True, server_default=true())
    new_email: Mapped[str | None] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(100))
    hashed_password: Mapped[str] = mapped_column(String(255), info=SECRET)
    is_admin: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str] = mapped_column(String(64))
    day_starts_at: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_login: Mapped[datetime | None] = mapped_column(Instant)
    last_activity: Mapped[datetime | None] = mapped_column(Instant)
    tokens_valid_after: Mapped[datetime | None] = mapped_column(Instant)
    token_generation: Mapped[int] = mapped_column(default=0, server_default="0")
    revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    deleted_revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class Panel(Base):
    """A daily task. The unique constraint on (user_id, id) is the target of the entries' foreign key."""

    __tablename__ = "panels"
    __table_args__ = (UniqueConstraint("user_id", "position"), UniqueConstraint("user_id", "id"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(65))
    description: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    first_day: Mapped[date]
    revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class Entry(Base):
    """The state of a panel on a day, and the instant of the tap that it comes from.

    Queries on a history read only `ix_entries_history`: the rows of a panel are scattered over many pages of the table.
    """

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("user_id", "panel_id", "day"),
        ForeignKeyConstraint(["user_id", "panel_id"], ["panels.user_id", "panels.id"], ondelete="CASCADE"),
        Index("ix_entries_history", "user_id", "panel_id", "day", "is_complete", "id"),
        Index("ix_entries_revision", "user_id", "revision"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(Id)
    panel_id: Mapped[int] = mapped_column(Id)
    day: Mapped[date]
    is_complete: Mapped[bool]
    timestamp: Mapped[datetime] = mapped_column(Instant)
    revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class BlacklistedAccessToken(Base):
    """A token that was logged out. The row is kept until the token expires or the user is deleted."""

    __tablename__ = "blacklisted_access_tokens"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    jti: Mapped[str] = mapped_column(String(36), primary_key=True, info=SECRET)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class LoginSession(Base):
    """A session: the use of an access token, which identifies it. The row is deleted when the session ends.

    `created_at` and `generation` are those of the token. A token can be valid without a row.
    """

    __tablename__ = "login_sessions"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    jti: Mapped[str] = mapped_column(String(36), primary_key=True, info=SECRET)
    generation: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    last_used_at: Mapped[datetime] = mapped_column(Instant)
    user_agent: Mapped[str | None] = mapped_column(String(64))


class PasswordResetToken(Base):
    """A single-use token that sets a new password. Only a hash of the token is stored.

    `mail_id` is the id of the e-mail that contained the token. The e-mail may be deleted before the token.
    """

    __tablename__ = "password_reset_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True, info=SECRET)
    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    invalidated_at: Mapped[datetime | None] = mapped_column(Instant)
    mail_id: Mapped[int | None] = mapped_column(Id)


class AuditEvent(Base):
    """A change of an account, or a change by an admin.

    `actor_id` is the user who made the change; it is NULL if that was an operator, or if the user was deleted.
    `target_id` is the user whose account was changed; it is NULL if it was none, or if the user was deleted. `address`
    is that of the actor, and is deleted with the actor. An event about one user alone is deleted with that user.
    """

    __tablename__ = "audit_events"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    action: Mapped[str] = mapped_column(String(32))
    actor_id: Mapped[int | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    target_id: Mapped[int | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    address: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[list[str]] = mapped_column(JSON)


class SecondFactor(Base):
    """The second factor of a user: an authenticator app (TOTP), and recovery codes.

    Logins need it once it is confirmed. `last_step` is the time step of the last code that was used, because a code
    works once. `recovery_hashes` are hashes of the recovery codes that are left.
    """

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    encrypted_secret: Mapped[str] = mapped_column(String(255), info=SECRET)
    is_confirmed: Mapped[bool]
    last_step: Mapped[int] = mapped_column(BigInteger)
    recovery_hashes: Mapped[list[str]] = mapped_column(JSON, info=SECRET)


class IdempotentRequest(Base):
    """A request with an idempotency key, and the response to it: JSON without the envelope, compressed by zlib.

    Of the key and of the request, only hashes are stored.
    """

    __tablename__ = "idempotent_requests"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True, info=SECRET)
    request_hash: Mapped[str] = mapped_column(String(64), info=SECRET)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    response: Mapped[bytes] = mapped_column(LargeBinary, info=SECRET)


class OutboxMail(Base):
    """An e-mail to send. The text is rendered when the e-mail is sent, so that no secret is stored.

    `user_id` is NULL for an e-mail to operators, and for a password reset or a repeated sign-up until the account is
    looked up. A process that sends the e-mail sets `next_attempt_at` to the end of its lease and, once the e-mail is
    sent, to NULL. `about` holds the template values that do not depend on a user.
    """

    __tablename__ = "outbox"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    about: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(Instant, index=True)


class Timing(Base):
    """The timing of a request. The key is the event's id, so that a batch can be written twice without duplicates."""

    __tablename__ = "timings"
    __table_args__ = (Index("ix_timings_method_path_created_at", "method_path", "created_at"),)

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    request_id: Mapped[str | None] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(String(255))
    method_path: Mapped[str] = mapped_column(String(272))
    status_code: Mapped[int] = mapped_column(SmallInteger)
    start_ts: Mapped[datetime] = mapped_column(Instant)
    stop_ts: Mapped[datetime] = mapped_column(Instant)
    diff_ms: Mapped[float] = mapped_column(Double)


class TimingStats(Base):
    """The statistics of a route's latest requests at `created_at`. Values are NULL if there were no requests."""

    __tablename__ = "timing_stats"
    __table_args__ = (Index("ix_timing_stats_method_path_id", "method_path", "id"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    method: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(String(255))
    method_path: Mapped[str] = mapped_column(String(272))
    count: Mapped[int]
    avg: Mapped[float | None] = mapped_column(Double)
    p50: Mapped[float | None] = mapped_column(Double)
    p95: Mapped[float | None] = mapped_column(Double)
    p99: Mapped[float | None] = mapped_column(Double)
    min: Mapped[float | None] = mapped_column(Double)
    max: Mapped[float | None] = mapped_column(Double)
    last: Mapped[float | None] = mapped_column(Double)
    alert_threshold_ms: Mapped[float] = mapped_column(Double)
    in_alert: Mapped[bool]
    alert_id: Mapped[uuid.UUID | None]


class RouteSettings(Base):
    """An admin's settings of a route, and the route's open alert. NULL means the default."""

    __tablename__ = "route_settings"

    method_path: Mapped[str] = mapped_column(String(272), primary_key=True)
    alert_threshold_ms: Mapped[float | None] = mapped_column(Double)
    window_size: Mapped[int | None]
    in_alert: Mapped[bool] = mapped_column(default=False)
    alert_id: Mapped[uuid.UUID | None]
