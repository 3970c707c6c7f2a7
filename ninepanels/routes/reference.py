"""The API reference: the schema, and the pages that show it with Swagger UI and Redoc.

fastapi-offline contains the scripts and styles of both. Its own pages are not used: they contain inline scripts, which
would need a weaker Content-Security-Policy. All URLs in the pages are relative, so they are right below any path.
"""

import functools
import os
from pathlib import Path

import fastapi_offline
from fastapi import Request
from fastapi import Response
from fastapi.responses import HTMLResponse
from pydantic_core import to_json
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from ..http import caching
from ..http.response_headers import PAGE_POLICY
from ..http.routing import APIRouter

FILES = Path(__file__).with_name("static")
LIBRARIES = Path(fastapi_offline.__file__).with_name("static")

_DOCS = (FILES / "docs.html").read_bytes()
_REDOC = (FILES / "redoc.html").read_bytes()

# Redoc inserts two inline styles: an empty one, to which it adds rules by script, and that of its scroll bar. The
# hashes permit only these. Its search runs in a worker, which it creates from a blob.
REDOC_POLICY = (
    PAGE_POLICY.replace(
        "style-src 'self'",
        "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
        " 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
    )
    + "; worker-src blob:"
)

# The only request of Redoc to another host. It leaves the image out if it cannot be loaded.
REDOC_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
NO_IMAGE = b"data:,"

router = APIRouter()


class ReferenceFiles(StaticFiles):
    """The scripts and styles of the pages."""

    def __init__(self) -> None:
        super().__init__(directory=FILES, packages=[("fastapi_offline", "static")])

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return a file that clients keep and revalidate: its name is the same after an update."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, no-cache"
        return response


@router.get("/docs", include_in_schema=False)
async def read_docs(request: Request) -> Response:
    """Show Swagger UI, in which requests can be tried out."""
    # ResponseWrapperMiddleware recognizes the login of this page by its referrer, and does not envelope the token.
    headers = {"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "same-origin"}
    return caching.with_etag(request, HTMLResponse(_DOCS, headers=headers))


@router.get("/redoc", include_in_schema=False)
async def read_redoc(request: Request) -> Response:
    """Show the API reference in Redoc."""
    return caching.with_etag(request, HTMLResponse(_REDOC, headers={"Content-Security-Policy": REDOC_POLICY}))


@router.get("/static/redoc.standalone.js", include_in_schema=False)
async def read_redoc_script(request: Request) -> Response:
    """Return Redoc without its request for a logo."""
    return caching.with_etag(request, Response(redoc_script(), media_type="text/javascript"))


@router.get("/openapi.json", include_in_schema=False)
async def read_schema(request: Request) -> Response:
    """Return the OpenAPI schema, without the envelope."""
    request.state.is_bare = True
    schema = request.app.openapi()
    if root_path := request.scope.get("root_path", ""):
        schema = {**schema, "servers": [{"url": root_path}]}
    return caching.with_etag(request, Response(to_json(schema), media_type="application/json"))


@functools.cache
def redoc_script() -> bytes:
    """Return the script of Redoc without its request for a logo."""
    return (LIBRARIES / "redoc.standalone.js").read_bytes().replace(REDOC_LOGO, NO_IMAGE)
