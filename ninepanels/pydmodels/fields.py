"""Field types and limits that requests, responses and events share."""

import re
import unicodedata
from datetime import date
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import email_validator
from pydantic import AfterValidator
from pydantic import BeforeValidator
from pydantic import Field
from pydantic import StringConstraints
from pydantic_core import PydanticCustomError

from .. import days
from . import emails

MAX_ID = 2**63 - 1
MAX_WINDOW_SIZE = 1_000
MAX_PANELS = 9
MAX_PASSWORD_LENGTH = 128
MAX_THRESHOLD_MS = 3_600_000


_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_LINE_BREAKS_AND_TABS = frozenset("\n\r\t")
# The first letters of the Unicode categories of letters, numbers, punctuation and symbols; private use characters,
# which fonts define; and unassigned ones, because emoji that are newer than this version of Python are among them.
_VISIBLE = frozenset({"L", "N", "P", "S", "Co", "Cn"})
# Characters of these categories that are displayed as nothing: Hangul fillers, the empty Braille pattern, the musical
# null notehead, blanks in Egyptian hieroglyphs, and the placeholder of an object that is not part of the text.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159\U00013441\U00013442\ufffc")


def _to_nfc(value: object) -> object:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _empty_to_null(value: object) -> object:
    return None if value == "" else value


def _without_controls(value: object) -> object:
    # Before the text is trimmed, which would remove line breaks at its ends.
    if isinstance(value, str) and any(unicodedata.category(character) in _CONTROLS for character in set(value)):
        raise PydanticCustomError("control_character", "Text cannot contain control characters")
    return value


def _visible(text: str) -> str:
    if not any(_is_visible(character) for character in text):
        raise PydanticCustomError("invisible", "Text has to contain a visible character")
    return text


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cn" and _is_reserved(ord(character)):
        return False
    return (category in _VISIBLE or category[0] in _VISIBLE) and character not in _BLANK


def _is_reserved(code_point: int) -> bool:
    """Return whether an unassigned code point is a noncharacter, or reserved for characters without a glyph."""
    return (
        code_point == 0x2065
        or 0xFDD0 <= code_point <= 0xFDEF
        or 0xFFF0 <= code_point <= 0xFFF8
        or 0xE0000 <= code_point <= 0xE0FFF
        or code_point & 0xFFFE == 0xFFFE
    )


def _several_lines(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in set(text) - _LINE_BREAKS_AND_TABS):
        raise PydanticCustomError("control_character", "Text cannot contain control characters")
    return text


def _existing_password(text: str) -> str:
    # NFC can be longer than the text of an old hash, and shorter than a new password in another form.
    if min(len(text), len(unicodedata.normalize("NFC", text))) > MAX_PASSWORD_LENGTH:
        raise PydanticCustomError("string_too_long", "String should have at most 128 characters")
    return text


def _iso_day(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("iso_day", "This is not a day such as 2026-11-25")
    return value


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


Nfc = BeforeValidator(_to_nfc)
SingleLine = BeforeValidator(_without_controls)
Visible = AfterValidator(_visible)
Title = Annotated[str, SingleLine, Nfc, StringConstraints(strip_whitespace=True, min_length=1, max_length=65), Visible]
Description = Annotated[str, Nfc, StringConstraints(max_length=2_000), AfterValidator(_several_lines)]
EmptyToNull = BeforeValidator(_empty_to_null)
Name = Annotated[str, SingleLine, Nfc, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Visible]
Day = Annotated[date, BeforeValidator(_iso_day), Field(ge=days.EARLIEST_DAY)]
"""A day as an ISO date. Pydantic itself also accepts numbers and instants."""
Email = Annotated[str, Nfc, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(_email)]
Password = Annotated[
    str,
    Nfc,
    StringConstraints(min_length=8, max_length=MAX_PASSWORD_LENGTH),
    Field(json_schema_extra={"format": "password"}),
]
ExistingPassword = Annotated[
    str,
    AfterValidator(_existing_password),
    Field(json_schema_extra={"format": "password", "maxLength": MAX_PASSWORD_LENGTH}),
]
"""A password to verify. It is not normalized here, because an old hash can be of another form."""
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
