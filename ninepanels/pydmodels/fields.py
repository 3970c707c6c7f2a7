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
from pydantic import WithJsonSchema
from pydantic_core import PydanticCustomError

from .. import days
from . import common_passwords
from . import emails

MAX_ID = 2**53 - 1
"""JavaScript, and JSON parsers that use doubles, read integers exactly up to here."""

MAX_WINDOW_SIZE = 1_000
MAX_PANELS = 9
MAX_TITLE_LENGTH = 65
MAX_DESCRIPTION_LENGTH = 2_000
MAX_NAME_LENGTH = 100
MAX_EMAIL_LENGTH = 254
MAX_PASSWORD_LENGTH = 128
MAX_THRESHOLD_MS = 3_600_000
MAX_SHRINKAGE = 4
"""The most characters that NFC combines into one."""


_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_LINE_BREAKS_AND_TABS = frozenset("\n\r\t")
# The first letters of the Unicode categories of letters, numbers, punctuation and symbols; private use characters,
# which fonts define; and unassigned ones, because emoji that are newer than this version of Python are among them.
_VISIBLE = frozenset({"L", "N", "P", "S", "Co", "Cn"})
# Characters of these categories that are displayed as nothing: Hangul fillers, the empty Braille pattern, the musical
# null notehead, blanks in Egyptian hieroglyphs, and the placeholder of an object that is not part of the text.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159\U00013441\U00013442\ufffc")


def nfc(max_length: int) -> BeforeValidator:
    """Return a validator that normalizes text, which another one then limits to `max_length` characters.

    Normalizing takes quadratic time when combining marks follow each other, so text that stays too long is not
    normalized.
    """

    def normalize(value: object) -> object:
        if not isinstance(value, str) or len(value.strip()) > MAX_SHRINKAGE * max_length:
            return value
        return unicodedata.normalize("NFC", value)

    return BeforeValidator(normalize)


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


def _uncommon(password: str) -> str:
    if common_passwords.contain(password):
        raise PydanticCustomError(
            "common_password", "This password is one of the most common ones and easily guessed; choose another one"
        )
    return password


def _existing_password(text: str) -> str:
    # Either form may be within the limit: old hashes are of the text as typed, new ones of NFC.
    if min(len(text), len(unicodedata.normalize("NFC", text))) > MAX_PASSWORD_LENGTH:
        raise PydanticCustomError("string_too_long", "String should have at most 128 characters")
    return text


def _utf8_of_header(value: object) -> object:
    # Starlette decodes headers as Latin-1.
    try:
        return value.encode("latin-1").decode() if isinstance(value, str) else value
    except UnicodeError as error:
        raise PydanticCustomError("header_encoding", "The header is not in UTF-8") from error


def _not_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


def _iso_day(value: object) -> object:
    # `fromisoformat` alone also accepts other forms of ISO 8601.
    text = value if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else ""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("iso_day", "This is not a day such as 2026-11-25") from error
    if day < days.EARLIEST_DAY:
        raise PydanticCustomError("day_too_early", "The first day that can be recorded is 1970-01-01")
    return day


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


SingleLine = BeforeValidator(_without_controls)
Visible = AfterValidator(_visible)
EmptyToNull = BeforeValidator(_empty_to_null)
NotBoolean = BeforeValidator(_not_boolean)
"""Pydantic itself reads `true` as 1. Text stays accepted, because forms contain nothing else."""

# In these types, StringConstraints directly follow `str`. Elsewhere, they would accept lone surrogates, and their
# messages would be about items instead of characters.

# What the schema can say about text: no control characters, and one character that is no white space.
_CONTROL_RANGES = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_LINE = {"pattern": rf"^[^{_CONTROL_RANGES}]*[^\s{_CONTROL_RANGES}][^{_CONTROL_RANGES}]*$"}
_LINES = {"pattern": r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"}

Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_LENGTH),
    SingleLine,
    nfc(MAX_TITLE_LENGTH),
    Visible,
    Field(
        description="What to do each day. White space at the ends is removed. At least one character is visible, and "
        "none is a control character.",
        examples=["Read 20 pages"],
        json_schema_extra=_LINE,
    ),
]
Description = Annotated[
    str,
    StringConstraints(max_length=MAX_DESCRIPTION_LENGTH),
    nfc(MAX_DESCRIPTION_LENGTH),
    AfterValidator(_several_lines),
    Field(
        description="A note on the panel. It can have several lines.",
        examples=["Any book counts."],
        json_schema_extra=_LINES,
    ),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_LENGTH),
    SingleLine,
    nfc(MAX_NAME_LENGTH),
    Visible,
    Field(
        description="What the service calls the user. White space at the ends is removed. At least one character is "
        "visible, and none is a control character.",
        examples=["Ada"],
        json_schema_extra=_LINE,
    ),
]
Day = Annotated[
    date,
    BeforeValidator(_iso_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-22"]}),
]
"""A day as an ISO date. Pydantic itself also accepts numbers and instants."""
Email = Annotated[
    str,
    StringConstraints(max_length=MAX_EMAIL_LENGTH),
    nfc(MAX_EMAIL_LENGTH),
    Field(
        description="An e-mail address. Upper and lower case are not distinguished.",
        examples=["ada@example.com"],
        json_schema_extra={"format": "email"},
    ),
    AfterValidator(_email),
]
Password = Annotated[
    str,
    StringConstraints(min_length=common_passwords.MIN_LENGTH, max_length=MAX_PASSWORD_LENGTH),
    nfc(MAX_PASSWORD_LENGTH),
    AfterValidator(_uncommon),
    Field(
        description="A new password: 8 to 128 characters of any kind, and not one of the most common passwords.",
        examples=["correct horse battery"],
        json_schema_extra={"format": "password"},
    ),
]
ExistingPassword = Annotated[
    str,
    StringConstraints(max_length=MAX_SHRINKAGE * MAX_PASSWORD_LENGTH),
    AfterValidator(_existing_password),
    Field(
        description="The current password.",
        examples=["correct horse"],
        json_schema_extra={"format": "password", "maxLength": MAX_PASSWORD_LENGTH},
    ),
]
"""A password to verify. It is not normalized here, because an old hash can be of another form."""
PasswordInHeader = Annotated[ExistingPassword, BeforeValidator(_utf8_of_header)]
SecondFactorCode = Annotated[
    str,
    StringConstraints(max_length=64),
    Field(
        description="The six digits that the authenticator app shows, or a recovery code. Each works once. Spaces and "
        "hyphens are ignored.",
        examples=["492039"],
    ),
]
Timezone = Annotated[
    str,
    AfterValidator(_timezone),
    Field(description="The name of an IANA time zone. The user's day follows it.", examples=["Europe/Berlin"]),
]
DayStartsAt = Annotated[
    int,
    # Before NotBoolean, or the schema would contain `ge` and `le`.
    Field(
        ge=0,
        le=days.MAX_DAY_START,
        description="The hour, in the user's time zone, at which the day begins. Until then, the previous day goes on.",
        examples=[0],
    ),
    NotBoolean,
]
Position = Annotated[int, NotBoolean, Field(examples=[0], json_schema_extra={"minimum": 0})]
"""A position in a list, whose length limits it."""
MethodPath = Annotated[
    str,
    Field(
        max_length=272,
        description="A route: its method, an underscore, and its path with the names of the parameters.",
        examples=["GET_/panels"],
    ),
    SingleLine,
]
WindowSize = Annotated[int, Field(ge=1, le=MAX_WINDOW_SIZE, examples=[100])]
IdempotencyKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255, pattern="^[!-~]+$"),
    Field(examples=["0b5f7c5e-3f43-4d0e-9a51-3a6c0a0f6f0e"]),
]
"""Visible ASCII characters."""

Id = Annotated[int, Field(ge=1, le=MAX_ID, examples=[1], json_schema_extra={"format": "int64"})]
Count = Annotated[int, Field(ge=0)]
Instant = Annotated[datetime, Field(examples=["2026-11-23T12:00:00Z"])]
"""An aware datetime in UTC, serialized as ISO 8601 with a Z."""


class MailKind(StrEnum):
    """The kinds of e-mail the service sends. Each value is the name of the templates."""

    WELCOME = "welcome"
    VERIFY_EMAIL = "verify_email"
    ALREADY_REGISTERED = "already_registered"
    PASSWORD_RESET = "password_reset"
    PASSWORD_CHANGED = "password_changed"
    EMAIL_CHANGED = "email_changed"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    ROUTE_ALERT_RAISED = "route_alert_raised"
    ROUTE_ALERT_CLEARED = "route_alert_cleared"
