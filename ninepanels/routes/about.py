"""The running release."""

from .. import pydmodels as pyd
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..ops import release
from ..pydmodels import examples

router = APIRouter(tags=["service"])


@router.get("/", operation_id="readAbout", summary="Read the release")
@documented(example=Example(examples.ABOUT))
async def read_about() -> pyd.About:
    """Returns the name, the version and the commit of the running release."""
    return release.about()
