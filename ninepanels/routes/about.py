"""The running release, and the redirect of browsers to the app."""

from http import HTTPStatus

from fastapi import Request
from fastapi import Response

from .. import pydmodels as pyd
from ..http import accept
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..ops import release
from ..pydmodels import examples

router = APIRouter(tags=["service"])


@router.get("/", operation_id="readAbout", summary="Read the release")
@documented(example=Example(examples.ABOUT))
async def read_about(request: Request, response: Response) -> pyd.About:
    """Returns the name, the version and the commit of the running release.

    A client that prefers `text/html`, as a browser does that opens this address, is redirected to the app with a 303.
    """
    response.headers["Vary"] = "Accept"
    is_root = request.scope["path"] == request.scope.get("root_path", "") + "/"
    if is_root and accept.prefers_html(request.headers.get("accept", "")):
        response.status_code = HTTPStatus.SEE_OTHER
        response.headers["Location"] = "app/"
    return release.about()
