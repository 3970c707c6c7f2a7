"""Response bodies."""

import uuid
from datetime import date
from typing import Any
from typing import Literal

from pydantic import BaseModel
from pydantic import ConfigDict
from typing_extensions import TypedDict

from .fields import Instant


class WrappedResponse(BaseModel):
    """The envelope of every JSON response."""

    data: Any
    status_code: int
    is_error: bool
    error_message: str | None
    meta: dict[str, Any] | None


class About(BaseModel):
    """The running release."""

    name: str
    version: str
    branch: str | None
    commit: str | None
    release_date: Instant | None


class Token(BaseModel):
    """An access token; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int


class Success(BaseModel):
    """The request succeeded; there is no other data."""

    success: Literal[True] = True


class NewLogin(Token, Success):
    """The request succeeded and revoked all earlier tokens; this token replaces them."""


class User(BaseModel):
    """A user's account, without the password hash."""

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
    """A panel, and whether it is complete today.

    A TypedDict, because values from the database need no validation, and a dict is created faster than a model.
    """

    id: int
    user_id: int
    title: str
    description: str | None
    position: int
    created_at: Instant
    is_complete: bool


class Entry(BaseModel):
    """The state of a panel on a day; `timestamp` is the time of the last change."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    panel_id: int
    is_complete: bool
    day: date
    timestamp: Instant


class HistoryDay(TypedDict):
    """A day of a panel's history. A day without an entry has the id `padded-<panel_id>-<day>`.

    A TypedDict, because creating a dict takes a fifth of the time of a model, and a year has 365 days.
    """

    id: int | str
    panel_id: int
    is_complete: bool
    day: date
    timestamp: date


class PanelConsistency(BaseModel):
    """The consistency of a panel. `panel_age` is in days; `consistency` is `days_complete / panel_age`."""

    panel_id: int
    panel_pos: int
    title: str
    user_id: int
    panel_age: int
    days_complete: int
    consistency: float


class RouteStats(BaseModel):
    """The statistics of a route's latest requests, in ms. Values are null if there were no requests."""

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
    """The latest requests of a route, newest first: durations in ms, and the times they were answered."""

    readings: list[float]
    timestamps: list[Instant]


class Health(BaseModel):
    """The service is healthy. Otherwise the response is a 503 error."""

    status: Literal["ok"] = "ok"


class Readiness(Health):
    """The state of all parts that must work before the service receives requests."""

    database: Literal["ok"] = "ok"
    schema_revision: str
    event_worker: Literal["ok"] = "ok"
    heartbeat_age_s: float
    queue_depth: int
