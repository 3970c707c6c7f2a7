"""Bodies that synchronize the devices of a user: taps, changes and the histories of all panels."""

from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime
from pydantic import BeforeValidator
from pydantic import Field
from pydantic import WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType
from typing_extensions import TypedDict

from .envelopes import ErrorBody
from .envelopes import ResponseBody
from .envelopes import documented_by_docstrings
from .fields import MAX_ID
from .fields import Day
from .fields import Id
from .requests import RequestBody
from .responses import Entry
from .responses import Panel

MAX_TAPS = 1_000
EARLIEST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)


def _iso_instant(value: object) -> object:
    # Pydantic itself also accepts numbers, and text that contains a number.
    if not isinstance(value, str) or value[4:5] != "-":
        raise PydanticCustomError("iso_instant", "This is not an instant such as 2026-11-23T12:00:00Z")
    return value


TappedAt = Annotated[
    AwareDatetime,
    BeforeValidator(_iso_instant),
    Field(ge=EARLIEST_INSTANT),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-23T12:00:00Z"]}),
]
Revision = Annotated[int, Field(ge=0, le=MAX_ID, examples=[4], json_schema_extra={"format": "int64"})]
IsoDay = Annotated[str, Field(json_schema_extra={"format": "date"}, examples=["2026-11-22"])]
"""A day that the database has formatted."""


class EntryPut(RequestBody):
    """The state of a panel on a day."""

    is_complete: Annotated[bool, Field(strict=True, examples=[True])]
    """Whether the panel is done on that day."""
    tapped_at: TappedAt | None = None
    """When the user tapped, by the clock of the device. The default is now; a later instant counts as now."""


class Tap(EntryPut):
    """The state of a panel on a day, as an item of a list."""

    panel_id: Annotated[Id, Field(strict=True)]
    """The id of one of the user's panels."""
    day: Day
    """A day from 1970-01-01 to the user's current day."""


@documented_by_docstrings
class TapRecorded(TypedDict):
    """The result of a valid tap."""

    applied: bool
    """Whether the tap was applied. It is not if a later tap of the same day, or the same tap, was recorded before."""
    entry: Entry
    """The entry of the panel and day after the tap."""


@documented_by_docstrings
class TapRefused(TypedDict):
    """A tap that was not recorded."""

    error: ErrorBody
    """Why the tap was not recorded."""


TapResult = TypeAliasType("TapResult", Annotated[TapRecorded | TapRefused, Field(description="What became of a tap.")])


class Changes(ResponseBody):
    """The panels and entries that changed after a revision."""

    revision: Revision
    """The revision of the last change in the response. Send it as `since` in the next request."""
    day: Annotated[date, Field(examples=["2026-11-23"])]
    """The user's current day, for which `is_complete` of the panels holds."""
    panels: list[Panel]
    """The panels that changed, the oldest change first."""
    entries: list[Entry]
    """The entries that changed, the oldest change first."""
    more: bool
    """Whether there are further changes."""


@documented_by_docstrings
class PanelHistory(TypedDict):
    """The history of a panel in a span of days."""

    panel_id: Id
    """The id of the panel."""
    first_day: Annotated[date, Field(examples=["2026-11-21"])]
    """The first day of the whole history of the panel, which can be outside of the span."""
    done: list[IsoDay]
    """The days on which the panel is done, the oldest first."""
    rest: list[IsoDay]
    """The days on which the user rested, the oldest first. Always empty in this release."""


@documented_by_docstrings
class SpanMeta(TypedDict):
    """A span of days."""

    day: Annotated[date, Field(examples=["2026-11-23"])]
    """The user's current day."""
    first: Annotated[date, Field(examples=["2025-11-24"])]
    """The first day of the span."""
    last: Annotated[date, Field(examples=["2026-11-23"])]
    """The last day of the span, which includes it."""
