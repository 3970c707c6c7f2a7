"""Liveness and readiness."""

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import queues
from ..database import database
from ..http.routing import APIRouter
from ..runtime.threads import monitoring_threads

router = APIRouter(prefix="/health", tags=["health"])

MAX_HEARTBEAT_AGE_S = 10 * queues.HEARTBEAT_S


@router.get("/live")
async def read_liveness() -> pyd.Health:
    """Answer as long as the process runs."""
    return pyd.Health()


@router.get("/ready")
async def read_readiness() -> pyd.Readiness:
    """Check the database, its schema revision and the heartbeat of the event worker; 503 if one check fails."""
    revision = await monitoring_threads.run(database.read_for_monitoring, crud.schema.read_revision)
    if revision is None or revision != crud.schema.REVISION:
        raise exceptions.NotReady("The database schema does not match this release.")
    heartbeat_age_s = queues.event_queue.heartbeat_age_s()
    if heartbeat_age_s > MAX_HEARTBEAT_AGE_S:
        raise exceptions.NotReady("The event worker has stopped.")
    return pyd.Readiness(
        schema_revision=revision, heartbeat_age_s=round(heartbeat_age_s, 3), queue_depth=queues.depth()
    )
