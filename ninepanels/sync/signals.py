"""Signals between processes: which users have changed something.

A signal is sent after the commit, by a handler of events, so that a tap is not slower because of it: PostgreSQL commits
transactions with a notification one after the other. If a signal is lost, because the process is killed after the
commit and before the signal, the next check of all streams makes up for it.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Collection
from functools import partial
from itertools import chain
from itertools import repeat
from typing import Any

from sqlalchemy import Connection

from .. import crud
from .. import exceptions
from ..database import database
from ..runtime.threads import monitoring_threads
from .hub import Hub

POLL_S = 1.0
RECONNECT_DELAYS_S = (0.1, 0.5, 2.0, 5.0)
SQLITE = "sqlite"

log = logging.getLogger(__name__)


async def send(hub: Hub, user_ids: Collection[int]) -> None:
    """Signal users to the hubs of all processes.

    Raises:
        DatabaseUnavailable: PostgreSQL is not available.
    """
    if database.dialect == SQLITE:
        # Other processes poll.
        hub.signal(user_ids)
    else:
        await asyncio.to_thread(_notify, user_ids)


async def receive_forever(hub: Hub) -> None:
    """Pass the signals of all processes to the hub, from its first stream on."""
    while True:
        await hub.in_use.wait()
        await (_poll(hub) if database.dialect == SQLITE else _listen(hub))


def _notify(user_ids: Collection[int]) -> None:
    with database.single_statement() as connection:
        crud.streams.notify(connection, user_ids)


async def _poll(hub: Hub) -> None:
    """Signal all users whenever the SQLite database has changed, until the hub has no streams."""
    known = None
    while hub.in_use.is_set():
        with contextlib.suppress(exceptions.Unavailable):
            # The version is that of one connection, and the engine for monitoring has only one.
            read = partial(database.read_for_monitoring, crud.streams.read_data_version)
            version = await monitoring_threads.run(read)
            if version != known:
                hub.signal_all()
            known = version
        await asyncio.sleep(POLL_S)


async def _listen(hub: Hub) -> None:
    """Listen to PostgreSQL, over a connection of its own, until that is lost."""
    for delay_s in chain(RECONNECT_DELAYS_S, repeat(RECONNECT_DELAYS_S[-1])):
        try:
            connection = await asyncio.to_thread(database.open_own, crud.streams.listen)
        except exceptions.Unavailable as error:
            log.warning("LISTEN is retried in %.1f s (%s)", delay_s, error.context_msg)
            await asyncio.sleep(delay_s)
        else:
            break
    # What was signalled before this connection is unknown.
    hub.signal_all()
    try:
        await _receive(connection, hub)
    finally:
        connection.close()
    log.warning("The connection of LISTEN is lost")
    await asyncio.sleep(RECONNECT_DELAYS_S[0])


async def _receive(connection: Connection, hub: Hub) -> None:
    """Pass notifications to the hub until the connection is lost."""
    loop = asyncio.get_running_loop()
    lost = asyncio.Event()
    driver_connection: Any = connection.connection.dbapi_connection
    # Not imported from psycopg2, which takes 12 MB that a process with SQLite does not need.
    driver_error = connection.dialect.loaded_dbapi.Error

    def read() -> None:
        try:
            driver_connection.poll()
        except driver_error:
            lost.set()
        payloads = [notification.payload for notification in driver_connection.notifies]
        driver_connection.notifies.clear()
        hub.signal(int(word) for payload in payloads for word in payload.split() if word.isdecimal())

    # A duplicate, because libpq closes its own file descriptor when the connection is lost.
    readable = os.dup(driver_connection.fileno())
    loop.add_reader(readable, read)
    try:
        await lost.wait()
    finally:
        loop.remove_reader(readable)
        os.close(readable)
