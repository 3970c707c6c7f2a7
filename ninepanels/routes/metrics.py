"""Prometheus metrics."""

import math
import secrets

from fastapi import Request
from fastapi import Response
from fastapi.responses import PlainTextResponse

from .. import crud
from .. import exceptions
from .. import queues
from ..config import Settings
from ..database import database
from ..http import client_addresses
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..observability import prometheus
from ..runtime.threads import monitoring_threads

router = APIRouter(tags=["service"])


@router.get(
    "/metrics", operation_id="readMetrics", summary="Read the metrics of the process", response_class=PlainTextResponse
)
@documented(
    raises=(exceptions.NotAuthenticated, exceptions.NotAllowed),
    example=Example("# TYPE ninepanels_event_queue_depth gauge\nninepanels_event_queue_depth 0.0\n"),
)
async def read_metrics(request: Request) -> Response:
    """Returns metrics in the text format of Prometheus.

    If the operator has set `NINEPANELS_METRICS_TOKEN`, send it as `Authorization: Bearer <token>`. Otherwise only
    callers on the same machine are answered, and none on MAIN or behind a proxy.
    """
    _require_token(request)
    text = prometheus.render(
        queue_depth=queues.depth(),
        connections_in_use=database.connections_in_use,
        streams_open=request.app.state.hub.count,
        outbox_depth=await _outbox_depth(),
    )
    return Response(text, media_type=prometheus.CONTENT_TYPE)


def _require_token(request: Request) -> None:
    settings: Settings = request.app.state.settings
    expected = f"Bearer {settings.metrics_token.get_secret_value()}"
    given = request.headers.get("authorization", "")
    if settings.metrics_token:
        if not secrets.compare_digest(given.encode(), expected.encode()):
            raise exceptions.NotAuthenticated("This route needs the token of the setting METRICS_TOKEN.")
    # A proxy on this machine that sends no forwarding header looks like a caller on this machine.
    elif settings.may_be_proxied or not client_addresses.is_local(request):
        raise exceptions.NotAllowed(
            "Without METRICS_TOKEN this route answers only callers on the same machine, and none on MAIN or behind a "
            "proxy."
        )


async def _outbox_depth() -> float:
    """Return the number of unsent e-mails, or NaN without the database. The other metrics are exported anyway."""
    try:
        return await monitoring_threads.run(database.read_for_monitoring, crud.outbox.count_unsent)
    except exceptions.Unavailable:
        return math.nan
