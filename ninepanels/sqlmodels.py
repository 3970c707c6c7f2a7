"""The tables."""

import uuid
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
from sqlalchemy import MetaData
from sqlalchemy import SmallInteger
from sqlalchemy import String
from sqlalchemy import Text
from sqlalchemy import TypeDecorator
from sqlalchemy import UniqueConstraint
from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

# SQLite counts up by itself only in a column declared INTEGER, which holds 64 bits there.
Id = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, on databases that know time zones and on those that do not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand the database UTC, bare where it cannot keep the zone."""
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can speak of it on both databases."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(column_0_N_label)s",
        }
    )


# Without AUTOINCREMENT SQLite gives the id of a deleted row to the next one, and a deleted user's token would
# open somebody else's account.
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}

SECRET: dict[Any, Any] = {"secret": True}
"""Marks a column that is shown to nobody, operators included."""


class User(Base):
    """Somebody with an account. `email` is kept in lower case, which makes it unique without case.

    An access token issued at `tokens_valid_after` or before is dead.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("day_starts_at BETWEEN 0 AND 5", "day_starts_at"),
        Index("ix_users_admins", "id", postgresql_where=text("is_admin"), sqlite_where=text("is_admin = 1")),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    hashed_password: Mapped[str] = mapped_column(String(255), info=SECRET)
    is_admin: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str] = mapped_column(String(64))
    day_starts_at: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_login: Mapped[datetime | None] = mapped_column(Instant)
    last_activity: Mapped[datetime | None] = mapped_column(Instant)
    tokens_valid_after: Mapped[datetime | None] = mapped_column(Instant)


class Panel(Base):
    """One thing to do each day. The second unique constraint is what the entries' foreign key points at."""

    __tablename__ = "panels"
    __table_args__ = (UniqueConstraint("user_id", "position"), UniqueConstraint("user_id", "id"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(65))
    description: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Entry(Base):
    """What was tapped for a panel and a day.

    Reads of a history find all they ask for in its index: the rows of one panel lie scattered over the table.
    """

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("user_id", "panel_id", "day"),
        ForeignKeyConstraint(["user_id", "panel_id"], ["panels.user_id", "panels.id"], ondelete="CASCADE"),
        Index("ix_entries_history", "user_id", "panel_id", "day", "is_complete", "id"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(Id)
    panel_id: Mapped[int] = mapped_column(Id)
    day: Mapped[date]
    is_complete: Mapped[bool]
    timestamp: Mapped[datetime] = mapped_column(Instant)


class BlacklistedAccessToken(Base):
    """A token that was logged out; kept until it would have expired, or its user is gone."""

    __tablename__ = "blacklisted_access_tokens"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    jti: Mapped[str] = mapped_column(String(36), primary_key=True, info=SECRET)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class PasswordResetToken(Base):
    """A way to set a new password, once; of the token itself only a hash is kept."""

    __tablename__ = "password_reset_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True, info=SECRET)
    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    invalidated_at: Mapped[datetime | None] = mapped_column(Instant)


class OutboxMail(Base):
    """An e-mail to send. Its text is made when it is sent, so that no secret rests here.

    `user_id` is nobody's where it must not show whether the account exists. `next_attempt_at` is empty once the mail
    is sent; whoever takes the mail in hand puts it past the time that can take. `about` is what a mail says that is
    about no user.
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
    """A request that was answered. The key is the event's, so that a batch written twice is there once."""

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
    """How a route behaved in its last window, when it was looked at. Without readings there is nothing to say."""

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
    """What an admin changed about a route, where that is not empty, and the alert now open."""

    __tablename__ = "route_settings"

    method_path: Mapped[str] = mapped_column(String(272), primary_key=True)
    alert_threshold_ms: Mapped[float | None] = mapped_column(Double)
    window_size: Mapped[int | None]
    in_alert: Mapped[bool] = mapped_column(default=False)
    alert_id: Mapped[uuid.UUID | None]
