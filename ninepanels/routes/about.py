"""The running release."""

from .. import pydmodels as pyd
from ..http.routing import APIRouter
from ..ops import release

router = APIRouter(tags=["about"])


@router.get("/")
async def read_about() -> pyd.About:
    """Read the name, version and commit of this release."""
    return release.about()
