"""Events, with one payload model per event type, and log messages."""

import logging
import uuid
from datetime import date
from typing import Annotated
from typing import Any
from typing import ClassVar

from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field
from pydantic import SerializeAsAny

from .. import event_types
from .fields import Instant


class EventPayload(BaseModel):
    """The payload of an event type, in plain values. Payloads are logged, so they hold no secrets and no addresses."""

    model_config = ConfigDict(frozen=True)

    type: ClassVar[str]
    log_level: ClassVar[int] = logging.INFO
    """The level at which the event is logged."""


class UserEvent(EventPayload):
    """The base of events about a user."""

    user_id: int


class NewUserCreated(UserEvent):
    """A user signed up."""

    type: ClassVar[str] = event_types.NEW_USER_CREATED


class UserLoggedIn(UserEvent):
    """A user logged in."""

    type: ClassVar[str] = event_types.USER_LOGGED_IN
    at: Instant


class UserLoggedOut(UserEvent):
    """A user revoked a token, or all their tokens if `everywhere` is true."""

    type: ClassVar[str] = event_types.USER_LOGGED_OUT
    everywhere: bool


class SessionUsed(UserEvent):
    """A user sent a request with an access token whose use was not recorded in the last hour.

    What identifies the session is for the handler only; it is not logged.
    """

    type: ClassVar[str] = event_types.SESSION_USED
    log_level: ClassVar[int] = logging.DEBUG
    at: Instant
    jti: Annotated[str, Field(exclude=True)]
    generation: Annotated[int, Field(exclude=True)]
    issued_at: Annotated[Instant, Field(exclude=True)]
    expires_at: Annotated[Instant, Field(exclude=True)]
    user_agent: Annotated[str | None, Field(exclude=True)]


class PasswordResetRequested(EventPayload):
    """A password reset was requested. The account is looked up later, when the mail is sent."""

    type: ClassVar[str] = event_types.PASSWORD_RESET_REQUESTED
    mail_id: int


class SignUpRepeated(EventPayload):
    """A sign-up had an e-mail that is taken. The response does not say so; a mail tells the owner of the address."""

    type: ClassVar[str] = event_types.SIGN_UP_REPEATED
    mail_id: int


class EmailVerified(UserEvent):
    """A user opened the link in a mail. If it was sent to a new e-mail, the user has this e-mail now."""

    type: ClassVar[str] = event_types.EMAIL_VERIFIED


class PasswordChanged(UserEvent):
    """A user's password was changed or reset."""

    type: ClassVar[str] = event_types.PASSWORD_CHANGED


class SecondFactorChanged(UserEvent):
    """The second factor of a user was switched on or off."""

    type: ClassVar[str] = event_types.SECOND_FACTOR_CHANGED
    is_on: bool


class UserUpdated(UserEvent):
    """The profile of a user was changed."""

    type: ClassVar[str] = event_types.USER_UPDATED
    fields: list[str]


class UserDeleted(UserEvent):
    """A user was deleted with all their data."""

    type: ClassVar[str] = event_types.USER_DELETED


class PanelCreated(UserEvent):
    """A panel was created."""

    type: ClassVar[str] = event_types.PANEL_CREATED
    panel_id: int


class PanelUpdated(UserEvent):
    """A panel was changed or moved."""

    type: ClassVar[str] = event_types.PANEL_UPDATED
    panel_id: int
    fields: list[str]


class PanelDeleted(UserEvent):
    """A panel was deleted with its entries."""

    type: ClassVar[str] = event_types.PANEL_DELETED
    panel_id: int


class EntryRecorded(UserEvent):
    """The entry of a day was created or changed.

    Logged at DEBUG only: otherwise the log would keep a copy of the history after the user deletes it.
    """

    type: ClassVar[str] = event_types.ENTRY_RECORDED
    log_level: ClassVar[int] = logging.DEBUG
    panel_id: int
    day: date
    is_complete: bool


class TapsRecorded(UserEvent):
    """Several taps were recorded at once; `count` of them were applied. There is no ENTRY_RECORDED for each."""

    type: ClassVar[str] = event_types.TAPS_RECORDED
    count: int


class EntriesReset(UserEvent):
    """A panel's history was deleted."""

    type: ClassVar[str] = event_types.ENTRIES_RESET
    panel_id: int


class TimingCreated(EventPayload):
    """A request was answered. `path` is the route's template; `diff_ms` comes from a monotonic clock.

    `user_id` is the authenticated user, or None for an anonymous request; it is neither logged nor stored.
    """

    type: ClassVar[str] = event_types.TIMING_CREATED
    method: str
    path: str
    method_path: str
    status_code: int
    start_ts: Instant
    stop_ts: Instant
    diff_ms: float
    user_id: Annotated[int | None, Field(exclude=True)]


class TimingsPersisted(EventPayload):
    """Timings of the routes in `method_paths` were written to the database."""

    type: ClassVar[str] = event_types.TIMINGS_PERSISTED
    count: int
    method_paths: list[str]


class RouteAlert(EventPayload):
    """The p95 of a route's last `count` requests crossed its threshold. `p95` and `alert_threshold_ms` are in ms."""

    alert_id: uuid.UUID
    method_path: str
    p95: float
    alert_threshold_ms: float
    count: int
    at: Instant


class RouteAlertRaised(RouteAlert):
    """A route became slower than its threshold."""

    type: ClassVar[str] = event_types.ROUTE_ALERT_RAISED
    log_level: ClassVar[int] = logging.WARNING


class RouteAlertCleared(RouteAlert):
    """A route is no longer slower than its threshold."""

    type: ClassVar[str] = event_types.ROUTE_ALERT_CLEARED


class ExceptionRaised(EventPayload):
    """A request was answered with a 5xx status.

    `traceback` is formatted by `logs.describe`. For `exceptions.Unavailable` it is None and `reason` is set instead.
    """

    type: ClassVar[str] = event_types.EXCEPTION_RAISED
    log_level: ClassVar[int] = logging.ERROR
    method_path: str
    status_code: int
    exception: str | None
    traceback: str | None
    reason: str | None = None


class Event(BaseModel):
    """An event, as put on the queue and passed to its handlers."""

    model_config = ConfigDict(frozen=True)

    event_id: uuid.UUID
    created_at: Instant
    request_id: str | None
    type: str
    payload: SerializeAsAny[EventPayload]


class LogMessage(BaseModel):
    """A line of the log.

    `payload` is the payload of an event or the `context_data` of an exception. `route` is the `method_path` of the
    event or of the request.
    """

    time: Instant
    level: str
    logger: str
    message: str
    request_id: str | None = None
    event_id: uuid.UUID | None = None
    route: str | None = None
    payload: dict[str, Any] | None = None
    reason: str | None = None
    handler: str | None = None
    attempts: int | None = None
    traceback: str | None = None
