"""Field types and limits that requests, responses and events share."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import email_validator
from pydantic import AfterValidator
from pydantic import Field
from pydantic import StringConstraints
from pydantic_core import PydanticCustomError

from .. import days
from . import emails

MAX_ID = 2**63 - 1
MAX_WINDOW_SIZE = 1_000
MAX_PANELS = 9
MAX_THRESHOLD_MS = 3_600_000


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul", "Text cannot contain the character NUL")
    return text


def _email(text: str) -> str:
    try:
        return emails.normalize(text)
    except email_validator.EmailNotValidError as error:
        # The library's own message contains parts of the address.
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
DayStartsAt = Annotated[int, Field(ge=0, le=days.MAX_DAY_START)]
MethodPath = Annotated[str, Field(max_length=272, examples=["GET_/panels/{panel_id}"])]
WindowSize = Annotated[int, Field(ge=1, le=MAX_WINDOW_SIZE)]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Instant = datetime
"""An aware datetime in UTC, serialized as ISO 8601 with a Z."""


class MailKind(StrEnum):
    """The kinds of e-mail the service sends. Each value is the name of the templates."""

    WELCOME = "welcome"
    PASSWORD_RESET = "password_reset"
    PASSWORD_CHANGED = "password_changed"
    EMAIL_CHANGED = "email_changed"
    ROUTE_ALERT_RAISED = "route_alert_raised"
    ROUTE_ALERT_CLEARED = "route_alert_cleared"
