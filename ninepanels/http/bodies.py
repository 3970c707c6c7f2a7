"""Request bodies: strict parsing of JSON and forms.

`openapi_extra=or_form(Model)` on a route that takes `Model` as JSON also accepts the same fields as a form and
adds the form to the schema.
"""

import json
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any
from typing import NoReturn
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi import Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 100


def or_form(model: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that takes `model` as a form too."""
    return {"requestBody": {"content": {FORM: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}}}


def parse_strictly(handler: Handler, openapi_extra: dict[str, Any] | None) -> Handler:
    """Wrap a route handler so that the body is parsed strictly: standard JSON or a form, without repeated fields.

    Args:
        handler: FastAPI's handler of the route.
        openapi_extra: that of the route. If it was made by `or_form`, the route also accepts forms.
    """
    accepts_form = FORM in (openapi_extra or {}).get("requestBody", {}).get("content", {})

    async def handle(request: Request) -> Response:
        strict = _StrictRequest(request.scope, request.receive)
        if strict.content_type == FORM:
            try:
                fields = _parse_form(await strict.body())
            except ClientDisconnect as error:
                raise _form_invalid() from error
            if accepts_form:
                strict.convert_to_json(fields)
        return await handler(strict)

    return handle


class _StrictRequest(Request):
    _fields: dict[str, str] | None = None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def convert_to_json(self, fields: dict[str, str]) -> None:
        """Replace the form by a JSON object with the same fields, so that FastAPI only handles JSON."""
        self._fields = fields
        others = [(name, value) for name, value in self.scope["headers"] if name != b"content-type"]
        self.scope = {**self.scope, "headers": [*others, (b"content-type", b"application/json")]}
        del self._headers

    async def json(self) -> Any:
        """Parse the body. Every error is raised as JSONDecodeError, which FastAPI answers with 422."""
        return _parse_json(await self.body()) if self._fields is None else self._fields


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_to_fields, parse_constant=_reject_constant)
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, json.JSONDecodeError):
            raise
        # ValueError is also raised by Python's limit on the digits of an integer.
        raise json.JSONDecodeError("not JSON", "", 0) from error


def _to_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _reject_constant(_constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _parse_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        return _to_fields(pairs)
    except ValueError as error:
        raise _form_invalid() from error


def _form_invalid() -> RequestValidationError:
    message = "The form cannot be read, or gives a field twice"
    return RequestValidationError([{"type": "form_invalid", "loc": ("body",), "msg": message}])
