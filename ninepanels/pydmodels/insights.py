"""Insights: what the history of a panel shows."""

from datetime import date
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from .envelopes import documented_by_docstrings
from .fields import MAX_PANELS
from .fields import Id


@documented_by_docstrings
class Run(TypedDict):
    """Consecutive days on all of which a panel is done."""

    length: Annotated[int, Field(ge=1, examples=[2])]
    """The number of days."""
    first: Annotated[date, Field(examples=["2026-11-21"])]
    """The first day."""
    last: Annotated[date, Field(examples=["2026-11-22"])]
    """The last day."""


class Share(TypedDict):
    """On how many days of a part of the history a panel is done."""

    # Docstrings of inherited fields are not found.
    days: Annotated[int, Field(ge=0, examples=[3], description="The number of days in this part of the history.")]
    done: Annotated[int, Field(ge=0, examples=[2], description="On how many of these days the panel is done.")]
    share: Annotated[
        float | None,
        Field(ge=0, le=1, examples=[0.6666666666666666], description="`done / days`; null if there are no days."),
    ]


@documented_by_docstrings
class SpanShare(Share):
    """How regularly a panel is done in the last days."""

    span: Annotated[int | None, Field(examples=[7])]
    """The number of days looked at, today included; null for the whole history. `days` is less in a shorter history."""


@documented_by_docstrings
class WeekdayShare(Share):
    """How regularly a panel is done on a day of the week."""

    weekday: Annotated[int, Field(ge=1, le=7, examples=[1])]
    """The day of the week as in ISO 8601: 1 is Monday, 7 is Sunday."""


@documented_by_docstrings
class MonthShare(Share):
    """How regularly a panel is done in a month."""

    month: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$", examples=["2026-11"])]
    """The year and the month."""


@documented_by_docstrings
class PanelInsights(TypedDict):
    """What the history of a panel shows."""

    panel_id: Id
    """The id of the panel."""
    position: Annotated[int, Field(ge=0, lt=MAX_PANELS, examples=[0])]
    """The place of the panel, counted from 0."""
    title: Annotated[str, Field(examples=["Read 20 pages"])]
    """What to do each day."""
    first_day: Annotated[date, Field(examples=["2026-11-21"])]
    """The first day of the history."""
    current_run: Run | None
    """The run that ends today, or yesterday if the panel is not done yet today; null if there is none."""
    longest_run: Run | None
    """The longest run of the whole history, the latest of several; null if the panel was never done."""
    consistency: list[SpanShare]
    """How regularly the panel is done: in the last 7, 30, 90 and 365 days, and in the whole history."""
    by_weekday: list[WeekdayShare]
    """How regularly the panel is done on Mondays to Sundays of the span in `meta`."""
    by_month: list[MonthShare]
    """How regularly the panel is done in each month of the span in `meta`, the oldest first."""
