"""Migrates the database and then serves: `python -m ninepanels.serve`, started by `./mc.sh run`."""

import argparse
import logging
import multiprocessing
import runpy
import sys
from functools import partial

import uvicorn

from . import config
from . import crud
from .database import connected
from .http.protocol import raise_file_limit
from .observability import logs
from .ops import failures
from .web.files import MEDIA_TYPES

SHUTDOWN_TIMEOUT_S = 4
"""How long accepted requests may take to finish during a shutdown."""
PROTOCOL = "ninepanels.http.protocol:LimitedProtocol"
"""As an import string, because worker processes import it themselves."""

# Not __name__: `python -m` sets it to __main__, and `logs` configures only the loggers below `ninepanels`.
log = logging.getLogger("ninepanels.serve")


def main() -> None:
    """Parse the command line and serve until the process is stopped."""
    parser = argparse.ArgumentParser(prog="./mc.sh run")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="the port to listen on")
    parser.add_argument("--workers", type=int, default=1, help="the number of worker processes")
    parser.add_argument("--reload", action="store_true", help="restart when the code changes")
    arguments = parser.parse_args()
    raise_file_limit()
    with failures.reported():
        settings = config.read_settings()
        with connected(settings.database_url) as database, database.connection() as connection:
            is_current = crud.schema.read_revision(connection) == crud.schema.REVISION
    if not is_current:
        _migrate()
    logs.configure(settings.log_level, settings.log_format)
    address = f"http://{arguments.host}:{arguments.port}"
    log.info("Open %s in a browser; the API is explained at %s/docs. Ctrl-C stops it.", address, address)
    # X-Forwarded-For is evaluated according to TRUSTED_PROXIES. uvicorn would trust every client on this machine.
    uvicorn.run(
        "ninepanels.main:api",
        log_config=None,
        access_log=False,
        http=PROTOCOL,
        ws="none",
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
        # uvicorn always includes Python files, and warns if others are given without --reload.
        reload_includes=[f"*{suffix}" for suffix in MEDIA_TYPES] if arguments.reload else None,
        **vars(arguments),
    )


def _migrate() -> None:
    """Migrate in a child process, so that the modules used only by migrations take no memory while serving."""
    migrate = partial(runpy.run_module, "ninepanels.ops.migrations", run_name="__main__")
    migration = multiprocessing.get_context("fork").Process(target=migrate)
    migration.start()
    migration.join()
    if migration.exitcode:
        sys.exit(1)


if __name__ == "__main__":
    main()
