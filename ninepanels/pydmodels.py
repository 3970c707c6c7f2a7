"""What travels: requests, responses, events and log messages."""

import logging
import uuid
from datetime import date
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from typing import Any
from typing import ClassVar
from typing import Literal

import email_validator
from pydantic import MISSING
from pydantic import AfterValidator
from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field
from pydantic import SerializeAsAny
from pydantic import StringConstraints
from pydantic import model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from . import days
from . import emails
from . import event_types
from . import exceptions

LARGEST_ID = 2**63 - 1
LARGEST_WINDOW = 1_000
MAX_PANELS = 9
SLOWEST_MS = 3_600_000


# --- Fields ---------------------------------------------------------------------------------------------------------


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul", "Text cannot contain the character NUL")
    return text


def _email(text: str) -> str:
    try:
        return emails.normalize(text)
    except email_validator.EmailNotValidError as error:
        # The library's own message repeats parts of what was typed.
        raise PydanticCustomError("email", "This is not a valid e-mail address") from error


def _timezone(text: str) -> str:
    if text not in days.timezones():
        raise PydanticCustomError("timezone", "This is not the name of an IANA time zone, such as Europe/Berlin")
    return text


WithoutNul = AfterValidator(_without_nul)
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=65), WithoutNul]
Description = Annotated[str, StringConstraints(max_length=2_000), WithoutNul]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), WithoutNul]
Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(_email)]
Password = Annotated[
    str, StringConstraints(min_length=8, max_length=128), Field(json_schema_extra={"format": "password"})
]
Timezone = Annotated[str, AfterValidator(_timezone), Field(examples=["Europe/Berlin"])]
DayStartsAt = Annotated[int, Field(ge=0, le=days.LATEST_DAY_START)]
MethodPath = Annotated[str, Field(max_length=272, examples=["GET_/panels/{panel_id}"])]
WindowSize = Annotated[int, Field(ge=1, le=LARGEST_WINDOW)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Instant = datetime
"""In UTC, as everything that reads one makes it; written as ISO 8601 with a Z then."""


# --- Requests -------------------------------------------------------------------------------------------------------


class RequestBody(BaseModel):
    """A body from outside: a field nobody knows is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class UpdateBody(RequestBody):
    """A partial update: what is not in the body stays as it is."""

    beside: ClassVar[set[str]] = set()
    """Fields that say what to change or why one may, and are no change themselves."""

    def changes(self) -> dict[str, Any]:
        """Return the fields to change.

        Raises:
            NothingToUpdate: the body names none.
        """
        changes = self.model_dump(exclude=self.beside)
        if not changes:
            raise exceptions.NothingToUpdate
        return changes


class Credentials(RequestBody):
    """The OAuth2 password form; `username` is the e-mail, and what we have no use for is ignored."""

    grant_type: Literal["password", ""] = "password"
    username: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=128, json_schema_extra={"format": "password"})]
    scope: str = ""
    client_id: str | None = None
    client_secret: str | None = None


class UserCreate(RequestBody):
    """A sign-up. `timezone` is by default the one of the installation's settings."""

    email: Email
    name: Name
    password: Password
    timezone: Timezone | None = None
    day_starts_at: DayStartsAt = 0


class UserUpdate(UpdateBody):
    """What to change of oneself; `email` wants `current_password` beside it."""

    beside = {"current_password"}

    name: Name | MISSING = MISSING
    timezone: Timezone | MISSING = MISSING
    day_starts_at: DayStartsAt | MISSING = MISSING
    email: Email | MISSING = MISSING
    current_password: Annotated[str, Field(max_length=128)] | MISSING = MISSING

    @model_validator(mode="after")
    def _email_wants_password(self) -> "UserUpdate":
        if self.email is not MISSING and self.current_password is MISSING:
            raise PydanticCustomError("password_wanted", "A new e-mail wants current_password beside it")
        return self


class PasswordChange(RequestBody):
    """A new password, and the proof that it is the user who wants it."""

    current_password: Annotated[str, Field(max_length=128, json_schema_extra={"format": "password"})]
    new_password: Password


class PasswordResetRequest(RequestBody):
    """Whoever forgot their password."""

    email: Email


class PasswordReset(RequestBody):
    """A new password, and the token out of the mail."""

    email: Email
    password_reset_token: Annotated[str, Field(max_length=256, json_schema_extra={"format": "password"})]
    new_password: Password


class AdminUpdate(UpdateBody):
    """What an admin changes of a user."""

    is_admin: bool | MISSING = MISSING


class RouteUpdate(UpdateBody):
    """What an admin changes of a route: how many of its latest requests are looked at, and when they are too slow."""

    beside = {"method_path"}

    method_path: MethodPath
    alert_threshold_ms: Annotated[float, Field(strict=True, gt=0, le=SLOWEST_MS)] | MISSING = MISSING
    window_size: Annotated[WindowSize, Field(strict=True)] | MISSING = MISSING


class PanelCreate(RequestBody):
    """A new panel. Without `position`, or with one past the end, it becomes the last."""

    title: Title
    description: Description | None = None
    position: int | None = None


class PanelUpdate(UpdateBody):
    """What to change of a panel; `description: null` removes it."""

    title: Title | MISSING = MISSING
    description: Description | MISSING | None = MISSING
    position: int | MISSING = MISSING


class EntryCreate(RequestBody):
    """A tap, or its taking back; by default for the user's today."""

    is_complete: bool
    day: date | None = None


# --- Responses ------------------------------------------------------------------------------------------------------


class WrappedResponse(BaseModel):
    """The envelope round every JSON response."""

    data: Any
    status_code: int
    is_error: bool
    error_message: str | None
    meta: dict[str, Any] | None


class About(BaseModel):
    """Which release answers."""

    name: str
    version: str
    branch: str | None
    commit: str | None
    release_date: Instant | None


class Token(BaseModel):
    """A login; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int


class Success(BaseModel):
    """There is nothing more to say."""

    success: Literal[True] = True


class NewLogin(Token, Success):
    """It worked, and here is the only token that is good from now on."""


class User(BaseModel):
    """A user as they see themselves; never a hash, never a token."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    name: str
    is_admin: bool
    timezone: str
    day_starts_at: int
    created_at: Instant
    last_login: Instant | None
    last_activity: Instant | None


class Panel(TypedDict):
    """A panel and whether it is done today.

    A dict, for nothing in it is ours to check: it comes from the database, and is made sooner than a model.
    """

    id: int
    user_id: int
    title: str
    description: str | None
    position: int
    created_at: Instant
    is_complete: bool


class Entry(BaseModel):
    """A recorded day; `timestamp` is the instant of the tap."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    panel_id: int
    is_complete: bool
    day: date
    timestamp: Instant


class HistoryDay(TypedDict):
    """A day of a panel's history; a day without a tap has the id `padded-<panel_id>-<day>`.

    A dict, for a year has 365 of them: made in a fifth of the time that a model takes.
    """

    id: int | str
    panel_id: int
    is_complete: bool
    day: date
    timestamp: date


class PanelConsistency(BaseModel):
    """How often a panel was done; `panel_age` is in days, `consistency` a share from 0 to 1."""

    panel_id: int
    panel_pos: int
    title: str
    user_id: int
    panel_age: int
    days_complete: int
    consistency: float


class RouteStats(BaseModel):
    """How a route behaved in its last window, in ms; without readings there is nothing to say."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    created_at: Instant
    method: str
    path: str
    method_path: str
    count: int
    avg: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    min: float | None
    max: float | None
    last: float | None
    alert_threshold_ms: float
    in_alert: bool
    alert_id: uuid.UUID | None


class RouteTimings(BaseModel):
    """The latest requests of a route, newest first: how long each took, in ms, and when it was answered."""

    readings: list[float]
    timestamps: list[Instant]


class Health(BaseModel):
    """A part that is not well makes the response a 503 instead."""

    status: Literal["ok"] = "ok"


class Readiness(Health):
    """Everything that has to be well before requests are sent here."""

    database: Literal["ok"] = "ok"
    schema_revision: str
    event_worker: Literal["ok"] = "ok"
    heartbeat_age_s: float
    queue_depth: int


# --- Events ---------------------------------------------------------------------------------------------------------


class EventPayload(BaseModel):
    """What an event of one type says, in plain values; no secret and no address, for it is logged."""

    model_config = ConfigDict(frozen=True)

    type: ClassVar[str]
    log_level: ClassVar[int] = logging.INFO
    """Of the event's line in the log."""


class UserEvent(EventPayload):
    """Something happened to a user."""

    user_id: int


class NewUserCreated(UserEvent):
    """Somebody signed up."""

    type: ClassVar[str] = event_types.NEW_USER_CREATED


class UserLoggedIn(UserEvent):
    """Somebody was given a token."""

    type: ClassVar[str] = event_types.USER_LOGGED_IN
    at: Instant


class UserLoggedOut(UserEvent):
    """Somebody gave a token back, or all of them."""

    type: ClassVar[str] = event_types.USER_LOGGED_OUT
    everywhere: bool


class PasswordResetRequested(EventPayload):
    """Somebody asked for a new password; whether there is such an account is seen when the mail is sent."""

    type: ClassVar[str] = event_types.PASSWORD_RESET_REQUESTED
    mail_id: int


class PasswordChanged(UserEvent):
    """Somebody has a new password."""

    type: ClassVar[str] = event_types.PASSWORD_CHANGED


class UserUpdated(UserEvent):
    """Somebody changed their profile."""

    type: ClassVar[str] = event_types.USER_UPDATED
    fields: list[str]


class UserDeleted(UserEvent):
    """Somebody left, and everything of theirs is gone."""

    type: ClassVar[str] = event_types.USER_DELETED


class PanelCreated(UserEvent):
    """A panel was made."""

    type: ClassVar[str] = event_types.PANEL_CREATED
    panel_id: int


class PanelUpdated(UserEvent):
    """A panel was changed or moved."""

    type: ClassVar[str] = event_types.PANEL_UPDATED
    panel_id: int
    fields: list[str]


class PanelDeleted(UserEvent):
    """A panel is gone with its entries."""

    type: ClassVar[str] = event_types.PANEL_DELETED
    panel_id: int


class EntryRecorded(UserEvent):
    """A day was tapped, or the tap taken back.

    A log that says so is a history, too, and outlives the one that can be deleted.
    """

    type: ClassVar[str] = event_types.ENTRY_RECORDED
    log_level: ClassVar[int] = logging.DEBUG
    panel_id: int
    day: date
    is_complete: bool


class EntriesReset(UserEvent):
    """A panel's history is gone."""

    type: ClassVar[str] = event_types.ENTRIES_RESET
    panel_id: int


class TimingCreated(EventPayload):
    """A request was answered. `path` is the route's template; `diff_ms` comes from a monotonic clock.

    `user_id` is who was logged in, None when nobody was.
    """

    type: ClassVar[str] = event_types.TIMING_CREATED
    method: str
    path: str
    method_path: str
    status_code: int
    start_ts: Instant
    stop_ts: Instant
    diff_ms: float
    user_id: int | None


class TimingsPersisted(EventPayload):
    """Timings are in the database now, of these routes."""

    type: ClassVar[str] = event_types.TIMINGS_PERSISTED
    count: int
    method_paths: list[str]


class RouteAlert(EventPayload):
    """A route crossed its threshold: `p95` and `alert_threshold_ms` are in ms, of the last `count` requests."""

    alert_id: uuid.UUID
    method_path: str
    p95: float
    alert_threshold_ms: float
    count: int
    at: Instant


class RouteAlertRaised(RouteAlert):
    """A route is slow."""

    type: ClassVar[str] = event_types.ROUTE_ALERT_RAISED
    log_level: ClassVar[int] = logging.WARNING


class RouteAlertCleared(RouteAlert):
    """A route is fast again."""

    type: ClassVar[str] = event_types.ROUTE_ALERT_CLEARED


class ExceptionRaised(EventPayload):
    """A request was answered with a 5xx; `traceback` is as `logs.describe` writes it."""

    type: ClassVar[str] = event_types.EXCEPTION_RAISED
    log_level: ClassVar[int] = logging.ERROR
    method_path: str
    status_code: int
    exception: str | None
    traceback: str | None


class Event(BaseModel):
    """Something that happened, on its way to whoever wants to know."""

    model_config = ConfigDict(frozen=True)

    event_id: uuid.UUID
    created_at: Instant
    request_id: str | None
    type: str
    payload: SerializeAsAny[EventPayload]


# --- Mails ----------------------------------------------------------------------------------------------------------


class MailKind(StrEnum):
    """The e-mails we send; each has its templates."""

    WELCOME = "welcome"
    PASSWORD_RESET = "password_reset"
    PASSWORD_CHANGED = "password_changed"
    EMAIL_CHANGED = "email_changed"
    ROUTE_ALERT_RAISED = "route_alert_raised"
    ROUTE_ALERT_CLEARED = "route_alert_cleared"


# --- Logs -----------------------------------------------------------------------------------------------------------


class LogMessage(BaseModel):
    """One line of the log; `payload` is what an event says, and `route` its or the request's `method_path`."""

    time: Instant
    level: str
    logger: str
    message: str
    request_id: str | None = None
    event_id: uuid.UUID | None = None
    route: str | None = None
    payload: dict[str, Any] | None = None
    handler: str | None = None
    attempts: int | None = None
    traceback: str | None = None
