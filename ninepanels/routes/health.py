"""Liveness and readiness."""

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from .. import queues
from ..database import database
from ..http.documentation import DATABASE_ERRORS
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples
from ..runtime.threads import monitoring_threads

router = APIRouter(prefix="/health", tags=["service"])

MAX_HEARTBEAT_AGE_S = 10 * queues.HEARTBEAT_S


@router.get("/live", operation_id="readLiveness", summary="Check that the process runs")
@documented(example=Example(examples.HEALTH))
async def read_liveness() -> pyd.Health:
    """Answers as long as the process runs, whether or not it can serve other requests."""
    return pyd.Health()


@router.get("/ready", operation_id="readReadiness", summary="Check that requests can be served")
@documented(raises=(exceptions.NotReady, *DATABASE_ERRORS), example=Example(examples.READINESS))
async def read_readiness() -> pyd.Readiness:
    """Checks the database, its schema revision and the event worker. The status is 503 if one of them fails."""
    revision = await monitoring_threads.run(database.read_for_monitoring, crud.schema.read_revision)
    if revision is None or revision != crud.schema.REVISION:
        raise exceptions.NotReady("The database schema does not match this release.")
    heartbeat_age_s = queues.event_queue.heartbeat_age_s()
    if heartbeat_age_s > MAX_HEARTBEAT_AGE_S:
        raise exceptions.NotReady("The event worker has stopped.")
    return pyd.Readiness(
        schema_revision=revision, heartbeat_age_s=round(heartbeat_age_s, 3), queue_depth=queues.depth()
    )
