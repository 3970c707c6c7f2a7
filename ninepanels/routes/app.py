"""The app: its page, its service worker, its manifest, and all its other files."""

from urllib.parse import urlencode

from fastapi import Request
from fastapi import Response
from fastapi.responses import RedirectResponse

from .. import exceptions
from ..http import accept
from ..http import caching
from ..http.routing import APIRouter
from ..web import files
from ..web.policy import APP_POLICY

FOR_GOOD = "public, max-age=31536000, immutable"

_files = files.read()

router = APIRouter(prefix="/app")


@router.get("", include_in_schema=False)
async def redirect_to_app() -> Response:
    """Redirect to the page of the app. With the slash, the relative addresses in the page are right."""
    return RedirectResponse("app/")


@router.get("/password_reset", include_in_schema=False)
async def redirect_to_reset(email: str = "", password_reset_token: str = "") -> Response:
    """Redirect the link of a mail to the screen for a new password, which the app knows by the fragment."""
    return RedirectResponse(f"./#/reset?{urlencode({'email': email, 'token': password_reset_token})}")


@router.get("/verify_email", include_in_schema=False)
async def redirect_to_verification(verification_token: str = "") -> Response:
    """Redirect the link of a mail to the screen that confirms an e-mail."""
    return RedirectResponse(f"./#/verify?{urlencode({'token': verification_token})}")


@router.get("/{path:path}", include_in_schema=False)
async def read_app_file(path: str, request: Request) -> Response:
    """Return a file of the app, compressed if the client accepts that and the file gets smaller."""
    file = _files.get(path)
    if file is None:
        raise exceptions.NotFound("The app has no such file, or no longer.")
    content, headers = file.content, {"Vary": "Accept-Encoding"}
    if accept.takes_gzip(request.headers.get("accept-encoding", "")) and len(file.compressed) < len(content):
        content = file.compressed
        headers["Content-Encoding"] = "gzip"
    if not file.is_fixed:
        headers["Cache-Control"] = FOR_GOOD
        return Response(content, headers=headers, media_type=file.media_type)
    # The policy of the page applies to the page, that of the service worker to what the service worker loads.
    headers["Content-Security-Policy"] = APP_POLICY
    return caching.with_etag(request, Response(content, headers=headers, media_type=file.media_type))
