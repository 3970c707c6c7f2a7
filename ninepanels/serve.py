"""Migrates, then serves, in one process: `python -m ninepanels.serve`, which is what `./mc.sh run` starts."""

import argparse
import logging
import multiprocessing
import runpy
import sys
from functools import partial

import uvicorn

from . import config
from .observability import logs

GRACE_S = 4
"""How long a request that is accepted may take once the service is told to stop."""

# By its own name: `python -m` calls this module __main__, which is nobody that `logs` listens to.
log = logging.getLogger("ninepanels.serve")


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="./mc.sh run")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=int, default=8000, help="the port to listen at")
    parser.add_argument("--workers", type=int, default=1, help="how many processes share the work")
    parser.add_argument("--reload", action="store_true", help="start anew when the code changes")
    arguments = parser.parse_args()
    _migrate_first()
    settings = config.read_settings()
    logs.configure(settings.log_level, settings.log_format)
    log.info("Try it at http://%s:%d/docs; Ctrl-C stops it.", arguments.host, arguments.port)
    # Whose X-Forwarded-For counts, TRUSTED_PROXIES says; uvicorn itself would believe whoever is on this machine.
    uvicorn.run(
        "ninepanels.main:api",
        log_config=None,
        access_log=False,
        ws="none",
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        **vars(arguments),
    )


def _migrate_first() -> None:
    """Migrate in a process of its own: what only migrations need would stay in the memory of those that serve."""
    migrate = partial(runpy.run_module, "ninepanels.ops.migrations", run_name="__main__")
    migration = multiprocessing.get_context("fork").Process(target=migrate)
    migration.start()
    migration.join()
    if migration.exitcode:
        sys.exit(1)


if __name__ == "__main__":
    main()
