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
