"""Which release answers."""

from fastapi import APIRouter

from .. import pydmodels as pyd
from .. import release

router = APIRouter(tags=["about"])


@router.get("/")
async def read_about() -> pyd.About:
    """Say which release of Nine Panels this is."""
    return release.about()
