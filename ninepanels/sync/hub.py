"""The open streams of this process."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from collections.abc import Iterator

from .. import crud
from .. import exceptions
from ..accounts.tokens import AccessToken
from ..database import database
from ..runtime import threads
from .streams import Stream

MAX_PER_USER = 10
CHECK_S = 15.0
"""How often the users of all streams are read. This limits the delay after a token is revoked or a signal is lost."""
READ_TIMEOUT_S = 10.0
RETRY_S = 1.0
MAX_STREAMS_PER_READ = 500

log = logging.getLogger(__name__)


class Hub:
    """The open streams, by user. A stream waits without a thread and without a database connection.

    A signal says that something of a user has changed. `refresh_forever` then reads the users that have been signalled
    since its last read, all in one statement, and updates their streams.
    """

    def __init__(self, max_streams: int) -> None:
        self.count = 0
        self.in_use = asyncio.Event()
        self._max_streams = max_streams
        self._streams: dict[int, set[Stream]] = {}
        self._signalled: set[int] = set()
        self._has_signals = asyncio.Event()
        self._is_closed = False

    @contextlib.contextmanager
    def opened(self, token: AccessToken) -> Iterator[Stream]:
        """Open a stream for the duration of the block.

        Raises:
            TooManyStreams: the user has as many streams as permitted.
            NoStreamAvailable: the process has as many streams as permitted, or is being stopped.
        """
        own = self._streams.get(token.user_id, set())
        if len(own) >= MAX_PER_USER:
            raise exceptions.TooManyStreams
        if self.count >= self._max_streams or self._is_closed:
            raise exceptions.NoStreamAvailable
        stream = Stream(token)
        own.add(stream)
        self._streams[token.user_id] = own
        self.count += 1
        self.in_use.set()
        try:
            yield stream
        finally:
            self.count -= 1
            own.remove(stream)
            if not own:
                del self._streams[token.user_id]
            if not self._streams:
                self.in_use.clear()

    def signal(self, user_ids: Iterable[int]) -> None:
        """Mark those of the users that have streams, so that they are read again."""
        self._signalled.update(self._streams.keys() & user_ids)
        if self._signalled:
            self._has_signals.set()

    def signal_all(self) -> None:
        """Mark all users that have streams."""
        self.signal(self._streams.keys())

    def close(self) -> None:
        """End all streams, and open no more."""
        if not self._is_closed:
            self._is_closed = True
            for stream in self._streams_of(self._streams):
                stream.end()

    async def refresh_forever(self) -> None:
        """Update the streams of users that are signalled, and all streams every CHECK_S."""
        loop = asyncio.get_running_loop()
        while True:
            check_at = loop.time() + CHECK_S
            self.signal_all()
            while loop.time() < check_at:
                try:
                    async with asyncio.timeout_at(check_at):
                        await self._has_signals.wait()
                except TimeoutError:
                    break
                await self._refresh()

    async def _refresh(self) -> None:
        self._has_signals.clear()
        user_ids, self._signalled = self._signalled, set()
        # Streams that are opened from here on are not updated: their first state may be later than what is read here.
        streams = self._streams_of(user_ids)
        for start in range(0, len(streams), MAX_STREAMS_PER_READ):
            part = streams[start : start + MAX_STREAMS_PER_READ]
            try:
                async with threads.time_limit(READ_TIMEOUT_S):
                    states = await asyncio.to_thread(
                        database.read, crud.streams.read_states, [stream.token for stream in part]
                    )
            except exceptions.Unavailable as error:
                log.warning("The users of streams are read again in %.0f s (%s)", RETRY_S, error.context_msg)
                self.signal(user_ids)
                await asyncio.sleep(RETRY_S)
                return
            for stream in part:
                state = states.get(stream.token.jti)
                stream.update(state) if state else stream.end()

    def _streams_of(self, user_ids: Iterable[int]) -> list[Stream]:
        return [stream for user_id in user_ids for stream in self._streams.get(user_id, ())]
