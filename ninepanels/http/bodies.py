"""Request bodies: strict parsing of JSON and forms.

`openapi_extra=or_form(Model)` on a route that takes `Model` as JSON also accepts the same fields as a form, urlencoded
or multipart, and adds both to the schema.
"""

import json
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any
from typing import NoReturn

from fastapi import Request
from fastapi import Response
from fastapi import params
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect

from . import forms

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

FORMS = (forms.URLENCODED, forms.MULTIPART)


def or_form(model: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that takes `model` as a form too."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"content": {form: {"schema": schema} for form in FORMS}}}


def parse_strictly(handler: Handler, body: FieldInfo, openapi_extra: dict[str, Any] | None) -> Handler:
    """Wrap a route handler so that the body is parsed strictly: standard JSON or a form, without repeated fields.

    Args:
        handler: FastAPI's handler of the route.
        body: the body that the route declares: JSON, or a form only.
        openapi_extra: that of the route. If it was made by `or_form`, the route also accepts forms.
    """
    if isinstance(body, params.Form):
        return _parse_forms_only(handler)
    accepts_forms = forms.URLENCODED in (openapi_extra or {}).get("requestBody", {}).get("content", {})

    async def handle(request: Request) -> Response:
        strict = _StrictRequest(request.scope, request.receive)
        if strict.media_type in FORMS:
            if not accepts_forms:
                raise _unsupported("json_required", "This request takes JSON, not a form")
            strict.convert_to_json(await strict.parse_form())
        return await handler(strict)

    return handle


def _parse_forms_only(handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        strict = _StrictRequest(request.scope, request.receive)
        if strict.media_type != forms.URLENCODED:
            raise _unsupported("form_required", f"This request takes a form (Content-Type: {forms.URLENCODED})")
        strict.set_form(await strict.parse_form())
        return await handler(strict)

    return handle


class _StrictRequest(Request):
    _fields: dict[str, str] | None = None

    @property
    def media_type(self) -> str:
        return forms.media_type(self.headers.get("content-type", ""))

    async def parse_form(self) -> dict[str, str]:
        """Return the fields of the form.

        Raises:
            RequestValidationError: the form is invalid, or the client disconnected while it was sent.
        """
        try:
            return forms.parse(self.headers.get("content-type", ""), await self.body())
        except ClientDisconnect as error:
            raise forms.invalid("The form is incomplete") from error

    def convert_to_json(self, fields: dict[str, str]) -> None:
        """Replace the form by a JSON object with the same fields, so that FastAPI only handles JSON."""
        self._fields = fields
        # FastAPI ignores an empty body, but the fields of an empty form must be validated, too.
        self._body = self._body or b"{}"
        others = [(name, value) for name, value in self.scope["headers"] if name != b"content-type"]
        self.scope = {**self.scope, "headers": [*others, (b"content-type", b"application/json")]}
        del self._headers

    def set_form(self, fields: dict[str, str]) -> None:
        """Set the form that FastAPI reads with `form`, instead of Starlette's parser."""
        self._form = FormData(fields)

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


def _unsupported(kind: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body",), "msg": message}])
