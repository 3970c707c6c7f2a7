"""Events and their payloads: one payload model per event type, plain values only."""

import logging
import uuid
from datetime import date
from typing import ClassVar

from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import SerializeAsAny

from .. import event_types
from .fields import Instant


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
