"""Is it up, and may requests be sent here."""

from fastapi import APIRouter

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import queues
from ..database import database
from ..threads import route_threads

router = APIRouter(prefix="/health", tags=["health"])

LONGEST_PAUSE_S = 10 * queues.HEARTBEAT_EVERY_S


@router.get("/live")
async def read_liveness() -> pyd.Health:
    """Say that the process answers."""
    return pyd.Health()


@router.get("/ready")
async def read_readiness() -> pyd.Readiness:
    """Check the database, the revision of its schema, and the event worker's heartbeat; 503 when one is not well."""
    revision = await route_threads.run(_read_revision)
    heartbeat_age_s = queues.event_queue.looked_at_s_ago()
    if heartbeat_age_s > LONGEST_PAUSE_S:
        raise exceptions.NotReady("The event worker has stopped.")
    return pyd.Readiness(
        schema_revision=revision, heartbeat_age_s=round(heartbeat_age_s, 3), queue_depth=queues.depth()
    )


def _read_revision() -> str:
    with database.reading() as connection:
        revision = crud.schema.read_revision(connection)
    if revision is None or revision != crud.schema.REVISION:
        raise exceptions.NotReady("The database's schema is not the one of this release.")
    return revision
