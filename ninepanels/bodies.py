"""How request bodies are read: strictly, and as JSON or as a form where a route says so.

`route_class=StrictBodyRoute` gives a router's routes the strictness; `openapi_extra=or_form(Model)` on a route that
takes `Model` as JSON adds the form, to the schema and to what is accepted.
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
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from . import answers

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 100


def or_form(model: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that takes `model` as a form too."""
    return {"requestBody": {"content": {FORM: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}}}


class StrictBodyRoute(APIRoute):
    """A route whose body is read strictly: nothing is said twice, nothing is not quite JSON.

    It answers as `answers.written` does.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, answers.written(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, fed with a stricter request."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle
        form_is_json = FORM in (self.openapi_extra or {}).get("requestBody", {}).get("content", {})

        async def handle_strictly(request: Request) -> Response:
            strict = _StrictRequest(request.scope, request.receive)
            if strict.content_type == FORM:
                try:
                    fields = _parse_form(await strict.body())
                except ClientDisconnect as error:
                    raise _form_invalid() from error
                if form_is_json:
                    strict.pose_as_json(fields)
            return await handle(strict)

        return handle_strictly


class _StrictRequest(Request):
    _fields: dict[str, str] | None = None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def pose_as_json(self, fields: dict[str, str]) -> None:
        """Let FastAPI see the JSON object with the form's fields: from here on there is one kind of body."""
        self._fields = fields
        others = [(name, value) for name, value in self.scope["headers"] if name != b"content-type"]
        self.scope = {**self.scope, "headers": [*others, (b"content-type", b"application/json")]}
        del self._headers

    async def json(self) -> Any:
        """Parse the body; raises JSONDecodeError, which FastAPI answers with 422, for whatever is wrong with it."""
        return _parse_json(await self.body()) if self._fields is None else self._fields


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_without_repetition, parse_constant=_refuse)
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, json.JSONDecodeError):
            raise
        # ValueError: also Python's own limit on the digits of an integer.
        raise json.JSONDecodeError("not JSON", "", 0) from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _parse_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        return _without_repetition(pairs)
    except ValueError as error:
        raise _form_invalid() from error


def _form_invalid() -> RequestValidationError:
    message = "The form cannot be read, or gives a field twice"
    return RequestValidationError([{"type": "form_invalid", "loc": ("body",), "msg": message}])
