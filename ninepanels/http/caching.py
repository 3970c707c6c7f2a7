"""Responses that a client keeps and revalidates: `ETag` and `If-None-Match` (RFC 9110, 8.8.3 and 13.1.2).

`openapi_extra=WITH_ETAG` on a GET route makes it handle both headers, and adds them to the schema.
"""

import hashlib
import re
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi import Response
from pydantic_core import to_json

from .response_headers import Header

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

ETAG_LENGTH = 32

# The cache of a browser serves all its users, so a response must not be reused with another token. RFC 9110, 12.5.5,
# says that Vary need not list Authorization; but that holds for shared caches, which `private` excludes.
_PERSONAL = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))
_PUBLIC = ((b"cache-control", b"public, no-cache"),)

_OPAQUE_TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')
_OF_CONTENT = (b"content-length", b"content-type")

_HEADERS = {"ETag": {"$ref": "#/components/headers/ETag"}}
WITH_ETAG: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "The `ETag` of the response that the client has. If it is the current one: 304.",
            "schema": {"type": "string"},
        }
    ],
    "responses": {
        "200": {"headers": _HEADERS},
        "304": {
            "description": "The response with this `ETag` is still the current one.",
            "headers": _HEADERS | {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}},
        },
    },
}
"""The `openapi_extra` of a route whose responses have an ETag."""


def is_declared(openapi_extra: dict[str, Any] | None) -> bool:
    """Return whether a route has `WITH_ETAG`."""
    return str(HTTPStatus.NOT_MODIFIED.value) in (openapi_extra or {}).get("responses", {})


def add_etag(handler: Handler) -> Handler:
    """Wrap the handler of a route with personal data, so that its responses have an ETag."""

    async def handle(request: Request) -> Response:
        return _revalidated(request, await handler(request), _PERSONAL)

    return handle


def with_etag(request: Request, response: Response) -> Response:
    """Return a public response with its ETag, or a 304 if the client has it."""
    return _revalidated(request, response, _PUBLIC)


def etag_of(content: bytes, meta: object) -> bytes:
    """Return the ETag of a response: a hash of its content and of the `meta` in its envelope."""
    digest = hashlib.sha256(content + to_json(meta)).hexdigest()
    return b'"%b"' % digest[:ETAG_LENGTH].encode()


def _revalidated(request: Request, response: Response, headers: Iterable[Header]) -> Response:
    etag = etag_of(bytes(response.body), request.scope["state"].get("meta"))
    response.raw_headers += ((b"etag", etag), *headers)
    condition = b",".join(value for name, value in request.scope["headers"] if name == b"if-none-match")
    if not _names(condition, etag):
        return response
    not_modified = Response(status_code=HTTPStatus.NOT_MODIFIED)
    # The client updates its stored headers from a 304, which therefore has all headers except those of the content.
    not_modified.raw_headers = [header for header in response.raw_headers if header[0] not in _OF_CONTENT]
    return not_modified


def _names(condition: bytes, etag: bytes) -> bool:
    """Return whether an If-None-Match contains an ETag. The comparison is weak: a `W/` before a tag is ignored."""
    return condition.strip() == b"*" or etag in _OPAQUE_TAG.findall(condition)
