"""The changes of a user's panels and entries."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import Depends
from fastapi import Header
from fastapi import Query
from fastapi import Request
from fastapi import Response

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples
from ..runtime.threads import route_threads
from ..sync.streams import EventStreamResponse
from ..sync.streams import Stream

router = APIRouter(prefix="/changes", tags=["sync"])


@router.get("", operation_id="listChanges", summary="List what has changed")
@documented(raises=(exceptions.ChangesGone,), example=Example(examples.CHANGES))
def read_changes(
    current_user: CurrentUser,
    since: Annotated[
        pyd.Revision | None,
        Query(description="The `revision` of the last response. By default, everything is returned."),
    ] = None,
) -> pyd.Changes:
    """Returns the panels and entries that changed after the revision `since`, or all of them.

    Repeat the request with the `revision` of the response while `more` is true. After a panel or a history
    was deleted, earlier revisions get the error `changes_gone`: load everything again.
    """
    return current_user.read(crud.changes.read, since)


async def _open_stream(request: Request, current_user: CurrentUser) -> AsyncIterator[Stream]:
    with request.app.state.hub.opened(current_user.token) as stream:
        yield stream


@router.get("/stream", operation_id="streamChanges", summary="Follow what changes", response_class=EventStreamResponse)
@documented(raises=(exceptions.TooManyStreams, exceptions.NoStreamAvailable), example=Example(examples.STREAM))
async def stream_changes(
    request: Request,
    current_user: CurrentUser,
    # Closed after the response, which is the default of FastAPI.
    stream: Annotated[Stream, Depends(_open_stream)],
    last_event_id: Annotated[
        pyd.Revision | None,
        Header(alias="Last-Event-ID", description="The `id` of the last event that the client has received."),
    ] = None,
) -> Response:
    """Returns events (`text/event-stream`) for as long as the client reads them.

    - `day`, with `{"day": "2026-11-23"}`: your current day. Sent at the beginning and when your next day starts.
    - `revision`, with `{"revision": 4}` and the revision as the `id`. Sent at the beginning, unless it is that of
      `Last-Event-ID`, and after changes: then read `GET /changes`.

    A comment is sent after 15 s without an event. The stream ends when the token expires or is revoked and when the
    service is restarted: open another one after the time in `retry`, in milliseconds.
    """
    stream.start(await route_threads.run(current_user.read, crud.streams.read_state))
    events = stream.events(last_event_id, partial(request.state.timing.stop, request.scope))
    # Makes nginx pass each event on at once.
    return EventStreamResponse(events, headers={"X-Accel-Buffering": "no"})
