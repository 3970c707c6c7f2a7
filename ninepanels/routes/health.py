"""Is it up, and may requests be sent here."""

from fastapi import APIRouter
from fastapi import Request

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..database import database

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def read_liveness() -> pyd.Health:
    """Say that the process answers."""
    return pyd.Health()


@router.get("/ready")
def read_readiness(request: Request) -> pyd.Readiness:
    """Check the database, the revision of its schema, and the event worker; 503 when one is not well."""
    with database.reading() as session:
        revision = crud.schema.read_revision(session)
    if revision is None or revision != crud.schema.head():
        raise exceptions.NotReady("The database's schema is not the one of this release.")
    if request.app.state.event_worker.done():
        raise exceptions.NotReady("The event worker has stopped.")
    return pyd.Readiness(schema_revision=revision)
