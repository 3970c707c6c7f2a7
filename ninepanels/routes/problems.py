"""Pages that explain the errors, as HTML. The `type` of a problem is the address of its page."""

from functools import cache

from fastapi import Request
from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from jinja2 import PackageLoader
from jinja2 import StrictUndefined

from .. import exceptions
from ..http import caching
from ..http.problems import PROBLEM_TYPES
from ..http.response_headers import PAGE_POLICY
from ..http.routing import APIRouter

router = APIRouter(prefix="/problems")

_templates = Environment(
    loader=PackageLoader("ninepanels.routes"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@router.get("/", include_in_schema=False)
async def read_problems(request: Request) -> Response:
    """List all errors."""
    return _page(request, _render_index())


@router.get("/{code}", include_in_schema=False)
async def read_problem(code: str, request: Request) -> Response:
    """Explain an error."""
    if code not in PROBLEM_TYPES:
        raise exceptions.NotFound("There is no error with this code.")
    return _page(request, _render_page(code))


def _page(request: Request, content: str) -> Response:
    return caching.with_etag(request, HTMLResponse(content, headers={"Content-Security-Policy": PAGE_POLICY}))


@cache
def _render_index() -> str:
    return _templates.get_template("problems.html").render(problem_types=PROBLEM_TYPES.values())


@cache
def _render_page(code: str) -> str:
    return _templates.get_template("problem.html").render(problem_type=PROBLEM_TYPES[code])
