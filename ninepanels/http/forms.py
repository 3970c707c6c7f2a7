"""Parses forms: `application/x-www-form-urlencoded`, and `multipart/form-data` without files. Both are in UTF-8.

Starlette's parsers are not used: they decode invalid UTF-8 as Latin-1 and accept a multipart form that is cut off.
"""

import logging
from urllib.parse import unquote_to_bytes

import python_multipart
from fastapi.exceptions import RequestValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
MAX_FIELDS = 100

# The parser logs a warning with bytes of each form that it rejects. The client gets a 422 instead.
logging.getLogger("python_multipart").setLevel(logging.ERROR)


def media_type(content_type: str) -> str:
    """Return the value of a Content-Type header without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def parse(content_type: str, body: bytes) -> dict[str, str]:
    """Return the fields of a form.

    Args:
        content_type: the value of the header, which contains the boundary of a multipart form.
        body: the form.

    Raises:
        RequestValidationError: the form is malformed, contains a file, gives a field twice, or has too many fields.
    """
    is_multipart = media_type(content_type) == MULTIPART
    pairs = _parse_multipart(content_type, body) if is_multipart else _parse_urlencoded(body)
    try:
        decoded = [(name.decode("utf-8"), value.decode("utf-8")) for name, value in pairs]
    except UnicodeDecodeError as error:
        raise invalid("The form is not valid UTF-8") from error
    fields = dict(decoded)
    if len(fields) != len(decoded):
        raise invalid("The form gives a field twice")
    return fields


def _parse_urlencoded(body: bytes) -> list[tuple[bytes, bytes]]:
    if body.count(b"&") >= MAX_FIELDS:
        raise _too_many_fields()
    pairs = (field.partition(b"=") for field in body.replace(b"+", b" ").split(b"&") if field)
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pairs]


def _parse_multipart(content_type: str, body: bytes) -> list[tuple[bytes, bytes]]:
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise invalid("The Content-Type of the multipart form has no boundary")
    parts = _Parts()
    try:
        parts.read(boundary, body)
    except FormParserError as error:
        raise invalid("The multipart form is malformed") from error
    if not parts.is_complete:
        raise invalid("The multipart form is cut off before its last boundary")
    return [(name, bytes(value)) for name, value in parts.fields]


class _Parts:
    """Collects the fields that the parser finds."""

    def __init__(self) -> None:
        self.fields: list[tuple[bytes, bytearray]] = []
        self.is_complete = False
        self._header = bytearray()
        self._header_value = bytearray()
        self._disposition = b""

    def read(self, boundary: bytes, body: bytes) -> None:
        """Parse a form.

        Raises:
            FormParserError: the form is malformed.
            RequestValidationError: a part has no name or is a file, or there are too many.
        """
        python_multipart.MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_begin": self._begin_header,
                "on_header_field": self._add_to_header,
                "on_header_value": self._add_to_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_field,
                "on_part_data": self._add_to_field,
                "on_end": self._end,
            },
        ).write(body)

    def _begin_part(self) -> None:
        self._disposition = b""

    def _begin_header(self) -> None:
        self._header, self._header_value = bytearray(), bytearray()

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_to_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)

    def _begin_field(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise invalid("A part of the multipart form has no name")
        if b"filename" in options:
            raise invalid("The form contains a file")
        if len(self.fields) == MAX_FIELDS:
            raise _too_many_fields()
        self.fields.append((options[b"name"], bytearray()))

    def _add_to_field(self, data: bytes, start: int, end: int) -> None:
        self.fields[-1][1].extend(data[start:end])

    def _end(self) -> None:
        self.is_complete = True


def invalid(message: str) -> RequestValidationError:
    """Return the error for an invalid form."""
    return RequestValidationError([{"type": "form_invalid", "loc": ("body",), "msg": message}])


def _too_many_fields() -> RequestValidationError:
    return invalid(f"The form has more than {MAX_FIELDS} fields")
