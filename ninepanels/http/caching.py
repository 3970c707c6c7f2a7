"""Responses that a client keeps and revalidates: `ETag` and `If-None-Match` (RFC 9110, 8.8.3 and 13.1.2).

A GET route with `openapi_extra=WITH_ETAG` calls `current_user.read_unless_known`: the ETag of its responses is made of
the version of the user's data (`crud.versions`), and the query reads nothing else if the client knows that version. A
public response has a hash of its content (`with_etag`).
"""

import hashlib
import re
import sys
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi import Response
from fastapi.requests import HTTPConnection

from ..crud.versions import Version

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

ETAG_LENGTH = 32
RELEASE_LENGTH = 8

# The cache of a browser serves all its users, so a response must not be reused with another token. RFC 9110, 12.5.5,
# says that Vary need not list Authorization; but that holds for shared caches, which `private` excludes.
_PERSONAL = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))
_PUBLIC = (b"cache-control", b"public, no-cache")

_OPAQUE_TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')
_OF_CONTENT = (b"content-length", b"content-type")


def hash_of_release(package: Path, search_path: Iterable[str]) -> bytes:
    """Return a hash of the code and of the installed packages: another release can make another response.

    The version is not enough. A checkout can run changed code, and an image does not know its commit.
    """
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(package.rglob("*.py"))))
    # The name of each directory contains that of a package and its version.
    for directory in sorted(path.name for entry in search_path for path in Path(entry).glob("*.dist-info")):
        digest.update(directory.encode())
    return digest.hexdigest()[:RELEASE_LENGTH].encode()


_RELEASE = hash_of_release(Path(__file__).parent.parent, sys.path)
_TAG_OF_VERSION = re.compile(rb'"%b-([1-9]\d{0,15})-(\d{4}-\d\d-\d\d)-(0|[1-9]\d{0,15})"' % _RELEASE)

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


def add_headers(handler: Handler) -> Handler:
    """Wrap the handler of a route with personal data, whose endpoint calls `current_user.read_unless_known`."""

    async def handle(request: Request) -> Response:
        response = await handler(request)
        response.raw_headers += ((b"etag", request.state.etag), *_PERSONAL)
        return response

    return handle


def condition_of(request: HTTPConnection) -> bytes:
    """Return the If-None-Match of a request: a list of ETags, `*`, or nothing."""
    return b",".join([value for name, value in request.scope["headers"] if name == b"if-none-match"])


def names(condition: bytes, etag: bytes) -> bool:
    """Return whether an If-None-Match contains an ETag. The comparison is weak: a `W/` before a tag is ignored."""
    return bool(condition) and (condition.strip() == b"*" or etag in _OPAQUE_TAG.findall(condition))


def etag_of(version: Version) -> bytes:
    """Return the ETag of a response to a user. Responses of one URL with the same ETag are identical."""
    return b'"%b-%d-%b-%d"' % (_RELEASE, version.user_id, version.day.encode(), version.revision)


def known_version(condition: bytes) -> Version | None:
    """Return the latest version among the ETags of an If-None-Match, or None if none is of this release."""
    if not condition:
        return None
    tags = _TAG_OF_VERSION.findall(condition)
    versions = [Version(int(user_id), day.decode(), int(revision)) for user_id, day, revision in tags]
    return max(versions, default=None)


def with_etag(request: Request, response: Response) -> Response:
    """Return a public response with its ETag, a hash of its content, or a 304 if the client has it."""
    etag = b'"%b"' % hashlib.sha256(response.body).hexdigest()[:ETAG_LENGTH].encode()
    response.raw_headers += ((b"etag", etag), _PUBLIC)
    if not names(condition_of(request), etag):
        return response
    not_modified = Response(status_code=HTTPStatus.NOT_MODIFIED)
    # The client updates its stored headers from a 304, which therefore has all headers except those of the content.
    not_modified.raw_headers = [header for header in response.raw_headers if header[0] not in _OF_CONTENT]
    return not_modified
