"""Response bodies: what the envelope contains as `data`."""

import uuid
from datetime import date
from enum import StrEnum
from typing import Annotated
from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from .envelopes import ResponseBody
from .envelopes import documented_by_docstrings
from .fields import MAX_PANELS
from .fields import Count
from .fields import DayStartsAt
from .fields import Id
from .fields import Instant
from .fields import MethodPath


class About(ResponseBody):
    """The running release."""

    name: Annotated[str, Field(examples=["Nine Panels"])]
    """The name of the service."""
    version: Annotated[str, Field(examples=["5.2.0"])]
    """The version of the release."""
    branch: Annotated[str | None, Field(examples=["main"])]
    """The branch of the running checkout; null outside a checkout, as the commit and its date."""
    commit: Annotated[str | None, Field(examples=["2a3038d1c0a6f1d3f0b1d4d1f2f70e5e1f8fcb4e"])]
    """The commit of the running checkout."""
    release_date: Instant | None
    """When that commit was made."""


class Token(ResponseBody):
    """An access token."""

    access_token: Annotated[str, Field(examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.wZ3vHTrKXg"])]
    """Send it as `Authorization: Bearer <access_token>`."""
    token_type: Literal["bearer"] = "bearer"
    """Always `bearer`."""
    expires_in: Annotated[int, Field(ge=1, examples=[2_592_000])]
    """For how many seconds the token is valid."""


class Success(ResponseBody):
    """The request succeeded; there is no other data."""

    success: Literal[True] = True
    """Always true."""


class NewLogin(Token, Success):
    """The request succeeded and revoked all earlier tokens; this token replaces them."""


class User(ResponseBody):
    """An account."""

    id: Id
    """The id of the user."""
    email: Annotated[str, Field(examples=["ada@example.com"], json_schema_extra={"format": "email"})]
    """The e-mail that the user logs in with."""
    name: Annotated[str, Field(examples=["Ada"])]
    """What the service calls the user."""
    is_admin: bool
    """Whether the user is an admin."""
    timezone: Annotated[str, Field(examples=["Europe/Berlin"])]
    """The name of the IANA time zone that the user's day follows."""
    day_starts_at: DayStartsAt
    created_at: Instant
    """When the user signed up."""
    last_login: Instant | None
    """When the user last logged in."""
    last_activity: Instant | None
    """When the user last sent a request, to within some minutes."""
    is_email_verified: bool
    """Whether the user has opened the link in a mail to `email`. Always true if the service verifies no e-mails."""
    new_email: Annotated[str | None, Field(examples=["lovelace@example.com"], json_schema_extra={"format": "email"})]
    """The e-mail that replaces `email` when the user opens the link in a mail to it."""


class AuditAction(StrEnum):
    """What was done."""

    ACCOUNT_UPDATED = "account_updated"
    ACCOUNT_DELETED = "account_deleted"
    EMAIL_VERIFIED = "email_verified"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET = "password_reset"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    RECOVERY_CODE_USED = "recovery_code_used"
    LOGINS_REVOKED = "logins_revoked"
    SESSION_ENDED = "session_ended"
    ADMIN_GRANTED = "admin_granted"
    ADMIN_REVOKED = "admin_revoked"
    ROUTE_UPDATED = "route_updated"


class AuditEvent(ResponseBody):
    """A change of an account, or a change by an admin. Events are kept for 400 days."""

    id: Id
    """The id of the event."""
    created_at: Instant
    """When the change was made."""
    action: Annotated[str, Field(examples=["admin_granted"])]
    """What was done: `account_updated`, `account_deleted`, `email_verified`, `password_changed`, `password_reset`,
    `second_factor_on`, `second_factor_off`, `recovery_code_used`, `logins_revoked`, `session_ended`, `admin_granted`,
    `admin_revoked` or `route_updated`. Actions can be added."""
    actor_id: Id | None
    """The id of the user who made the change; null if that was an operator, or if the user was deleted."""
    target_id: Id | None
    """The id of the user whose account was changed; null if it was none, or if the user was deleted."""
    address: Annotated[str | None, Field(examples=["203.0.113.7"])]
    """The address that the request came from; null if there was none, or if the actor was deleted."""
    details: Annotated[list[str], Field(examples=[["email"]])]
    """The names of the fields that were changed; for `route_updated`, the route before them."""


@documented_by_docstrings
class Panel(TypedDict):
    """A panel, and whether it is done today."""

    id: Id
    """The id of the panel."""
    user_id: Id
    """The id of the user who has the panel."""
    title: Annotated[str, Field(examples=["Read 20 pages"])]
    """What to do each day."""
    description: Annotated[str | None, Field(examples=["Any book counts."])]
    """A note on the panel."""
    position: Annotated[int, Field(ge=0, lt=MAX_PANELS, examples=[0])]
    """The place of the panel, counted from 0."""
    created_at: Instant
    """When the panel was created or its history was last deleted."""
    is_complete: bool
    """Whether the panel is done on the user's current day."""


class Entry(ResponseBody):
    """The recorded state of a panel on a day."""

    id: Id
    """The id of the entry."""
    panel_id: Id
    """The id of the panel."""
    is_complete: bool
    """Whether the panel is done on that day."""
    day: Annotated[date, Field(examples=["2026-11-22"])]
    """The day, in the user's time zone when it was recorded."""
    timestamp: Instant
    """The instant of the last tap. In the history, `timestamp` is a day."""


@documented_by_docstrings
class HistoryDay(TypedDict):
    """A day of a panel's history, recorded or not."""

    id: (
        Id
        | Annotated[
            str,
            Field(pattern=r"^padded-[1-9][0-9]*-[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["padded-1-2026-11-22"]),
        ]
    )
    """The id of the entry of that day. A day without an entry has the text `padded-<panel_id>-<day>`."""
    panel_id: Id
    """The id of the panel."""
    is_complete: bool
    """Whether the panel is done on that day; false on a day without an entry."""
    day: Annotated[date, Field(examples=["2026-11-22"])]
    """The day, in the user's time zone when it was recorded."""
    timestamp: Annotated[date, Field(examples=["2026-11-22"])]
    """The same day again: a date, while the `timestamp` of an entry is an instant."""


class PanelConsistency(ResponseBody):
    """How regularly a panel is done."""

    panel_id: Id
    """The id of the panel."""
    panel_pos: Annotated[int, Field(ge=0, lt=MAX_PANELS, examples=[0])]
    """The place of the panel, counted from 0."""
    title: Annotated[str, Field(examples=["Read 20 pages"])]
    """What to do each day."""
    user_id: Id
    """The id of the user who has the panel."""
    panel_age: Annotated[int, Field(ge=1, examples=[3])]
    """How many days of the history are evaluated; today is one of them."""
    days_complete: Annotated[int, Field(ge=0, examples=[2])]
    """On how many of these days the panel is done."""
    consistency: Annotated[float, Field(ge=0, le=1, examples=[0.6666666666666666])]
    """`days_complete / panel_age`."""


class RouteStats(ResponseBody):
    """The statistics of a route's latest requests, in ms. Durations are null if there were no requests."""

    id: Id
    """The id of these statistics."""
    created_at: Instant
    """When they were computed."""
    method: Annotated[str, Field(examples=["GET"])]
    """The method of the route."""
    path: Annotated[str, Field(examples=["/panels"])]
    """The path of the route, with the names of its parameters."""
    method_path: MethodPath
    count: Annotated[int, Field(ge=0, examples=[100])]
    """How many requests were evaluated."""
    avg: Annotated[float | None, Field(examples=[1.9])]
    """The average."""
    p50: Annotated[float | None, Field(examples=[1.7])]
    """The median."""
    p95: Annotated[float | None, Field(examples=[3.1])]
    """The 95th percentile."""
    p99: Annotated[float | None, Field(examples=[4.2])]
    """The 99th percentile."""
    min: Annotated[float | None, Field(examples=[1.1])]
    """The shortest request."""
    max: Annotated[float | None, Field(examples=[4.8])]
    """The longest request."""
    last: Annotated[float | None, Field(examples=[1.6])]
    """The latest request."""
    alert_threshold_ms: Annotated[float, Field(examples=[250.0])]
    """An alert is raised when `p95` exceeds this duration."""
    in_alert: bool
    """Whether an alert is raised."""
    alert_id: uuid.UUID | None
    """The id of that alert; it is the same until the alert is cleared."""


class RouteTimings(ResponseBody):
    """The latest requests of a route, newest first."""

    readings: Annotated[list[float], Field(examples=[[1.6, 1.8]])]
    """The durations in ms."""
    timestamps: list[Instant]
    """When each request was answered."""


class Health(ResponseBody):
    """The service is healthy. Otherwise the response is an error."""

    status: Literal["ok"] = "ok"
    """Always `ok`."""


class Readiness(Health):
    """The state of all parts that must work before the service receives requests."""

    database: Literal["ok"] = "ok"
    """Always `ok`: the database answers."""
    schema_revision: Annotated[str, Field(examples=["e6c39f40b812"])]
    """The revision of the database schema."""
    event_worker: Literal["ok"] = "ok"
    """Always `ok`: the event worker runs."""
    heartbeat_age_s: Annotated[float, Field(ge=0, examples=[0.412])]
    """The time since the event worker's last sign of life, in seconds."""
    queue_depth: Count
    """How many events wait for their handlers."""
