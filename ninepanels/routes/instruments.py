"""What Prometheus reads."""

import math
import secrets

from fastapi import APIRouter
from fastapi import Request
from fastapi import Response
from fastapi.responses import PlainTextResponse

from .. import client_addresses
from .. import crud
from .. import exceptions
from .. import instruments
from .. import queues
from ..config import Settings
from ..database import database
from ..threads import route_threads
from ..timing_buffer import timing_buffer

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse)
async def read_instruments(request: Request) -> Response:
    """Read everything that is counted of this process, as Prometheus wants it; see METRICS_TOKEN for who may."""
    _demand_token(request)
    text = instruments.render(
        queue_depth=queues.depth(),
        timings_buffered=len(timing_buffer),
        connections_in_use=database.connections_in_use,
        outbox_depth=await route_threads.run(_outbox_depth),
    )
    return Response(text, media_type=instruments.CONTENT_TYPE)


def _demand_token(request: Request) -> None:
    settings: Settings = request.app.state.settings
    expected = f"Bearer {settings.metrics_token.get_secret_value()}"
    given = request.headers.get("authorization", "")
    if settings.metrics_token:
        if not secrets.compare_digest(given.encode(), expected.encode()):
            raise exceptions.NotAuthenticated("This wants the token of METRICS_TOKEN.")
    elif not client_addresses.is_this_machine(request):
        raise exceptions.NotAllowed("Without METRICS_TOKEN this is only for callers on the same machine.")


def _outbox_depth() -> float:
    try:
        with database.reading() as connection:
            return crud.outbox.count_waiting(connection)
    except exceptions.Unavailable:
        # The rest is worth reading all the more.
        return math.nan
