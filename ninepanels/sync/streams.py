"""A stream of changes: server-sent events for one client."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from collections.abc import Callable
from datetime import date
from typing import Any

from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT
from fastapi.sse import format_sse_event
from pydantic_core import to_json

from .. import clock
from .. import days
from ..accounts.tokens import AccessToken
from ..crud.streams import UserState

PING_S = 15.0
"""The longest time without an event, after which a comment is sent."""

RETRY_MS = (1_000, 5_000)
"""Clients reconnect after a time in this range, so that not all of them do so at once after a restart."""

DAY_DELAY_S = 2.0
"""The event of a new day is sent up to this much later, so that not all clients of a time zone read at once."""


class EventStreamResponse(StreamingResponse):
    """A response with server-sent events.

    FastAPI's EventSourceResponse requires an endpoint that is a generator, and takes two more tasks per stream.
    """

    media_type = "text/event-stream"


class Stream:
    """An open stream. It holds the latest state of its user, so events that a slow client has not read are merged."""

    def __init__(self, token: AccessToken) -> None:
        self.token = token
        self._state: UserState | None = None
        self._is_ended = False
        self._changed = asyncio.Event()

    def start(self, state: UserState) -> None:
        """Set the first state, unless a later one is known."""
        if self._state is None:
            self._state = state

    def update(self, state: UserState) -> None:
        """Set the current state, unless a later one is known. If it differs, the client gets an event."""
        if state != self._state and (self._state is None or state.revision >= self._state.revision):
            self._state = state
            self._changed.set()

    def end(self) -> None:
        """End the stream."""
        self._is_ended = True
        self._changed.set()

    async def events(self, known_revision: int | None, on_start: Callable[[], None]) -> AsyncIterator[bytes]:
        """Yield events until the stream ends or its token expires.

        Args:
            known_revision: the revision that the client has.
            on_start: called when the response has started.
        """
        on_start()
        yield format_sse_event(retry=random.randint(*RETRY_MS))  # noqa: S311 - not a secret
        known_day: date | None = None
        while (state := self._state) and not self._is_ended and clock.now() < self.token.expires_at:
            self._changed.clear()
            events = []
            if (today := days.today(state)) != known_day:
                known_day = today
                events.append(_event("day", {"day": today}))
            if state.revision != known_revision:
                known_revision = state.revision
                events.append(_event("revision", {"revision": state.revision}, str(state.revision)))
            yield b"".join(events) or KEEPALIVE_COMMENT
            await self._wait(state)

    async def _wait(self, state: UserState) -> None:
        """Wait for a change, the next day of the user, or the time of the next comment."""
        now = clock.now()
        until_next_day_s = (days.end_of_day(now, state) - now).total_seconds()
        delay_s = random.uniform(0, DAY_DELAY_S)  # noqa: S311 - not a secret
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(PING_S, until_next_day_s + delay_s)):
                await self._changed.wait()


def _event(name: str, data: dict[str, Any], event_id: str | None = None) -> bytes:
    return format_sse_event(event=name, data_str=to_json(data).decode(), id=event_id)
