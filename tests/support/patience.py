"""Raises the time limits of the service, which a busy machine can exceed, and saves the cost of hashes and of the disk.

`python -m tests.support.patience` is `python -m ninepanels run` with these settings.
"""

import importlib
import socket
import sqlite3
import sys
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine
from sqlalchemy import event

from ninepanels import database
from ninepanels import queues
from ninepanels import serve
from ninepanels.accounts import passwords
from ninepanels.accounts import rate_limits
from ninepanels.crud import outbox
from ninepanels.http import protocol
from ninepanels.runtime import threads
from ninepanels.timings import webhook

LOW_COST = {"argon2__memory_cost": 64, "argon2__time_cost": 1}
"""Options of the password hashes. They save 20 ms per sign-up and login."""
LIMIT_S = 120
LIMIT_MS = 1_000 * LIMIT_S

POSTGRESQL = MappingProxyType(
    {
        **database.POSTGRESQL_SERVING,
        "options": f"-c lock_timeout={LIMIT_MS} -c statement_timeout={LIMIT_MS}",
        "tcp_user_timeout": LIMIT_MS,
    }
)


def raise_limits(set_value: Callable[[object, str, object], None]) -> None:
    """Raise the limits on requests; `set_value` is `setattr` or that of a MonkeyPatch."""
    for pool in (threads.route_threads, threads.monitoring_threads):
        set_value(pool, "_timeout_s", LIMIT_S)
    set_value(threads, "ROUTE_TIMEOUT_S", LIMIT_S)
    set_value(database, "BUSY_TIMEOUT_MS", LIMIT_MS)
    for name in ("WRITE_LOCK_TIMEOUT_S", "POOL_TIMEOUT_S", "MONITORING_POOL_TIMEOUT_S"):
        set_value(database, name, LIMIT_S)
    set_value(queues, "HANDLER_TIMEOUT_S", LIMIT_S)
    set_value(webhook, "TIMEOUT_S", LIMIT_S)
    # Not a limit, but a wait of each test with a mail.
    set_value(outbox, "LOOKUP_DELAY_MS", 0)
    set_value(rate_limits, "STORAGE_TIMEOUT_S", LIMIT_S)
    set_value(importlib.import_module("ninepanels.main"), "POSTGRESQL_SERVING", POSTGRESQL)


def skip_syncs() -> None:
    """Let SQLite leave the writing to the disk to the system, as the PostgreSQL of the tests does."""
    event.listen(Engine, "connect", _skip_syncs)


def _skip_syncs(connection: object, _entry: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def _start(listener: socket.socket, **options: Any) -> None:
    passwords.context.update(**LOW_COST)
    skip_syncs()
    raise_limits(setattr)
    main = importlib.import_module("ninepanels.main")
    health = importlib.import_module("ninepanels.routes.health")
    limits = (
        (main, ("DRAIN_S", "STOP_S")),
        (protocol, ("HEADERS_TIMEOUT_S", "BODY_TIMEOUT_S")),
        (health, ("MAX_HEARTBEAT_AGE_S",)),
    )
    for module, names in limits:
        for name in names:
            setattr(module, name, LIMIT_S)
    start(listener, **options, timeout_graceful_shutdown=LIMIT_S, timeout_keep_alive=LIMIT_S)


if __name__ == "__main__":
    start = serve.start
    # `ninepanels.main` reads the settings when it is imported, so it is imported after `serve` has checked them.
    serve.start = _start
    serve.main(sys.argv[1:])
