"""Migrates, then serves, in one process: `python -m ninepanels.serve`, which is what `./mc.sh run` starts."""

import argparse
import sys

import uvicorn

from . import migrations


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="./mc.sh run")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=int, default=8000, help="the port to listen at")
    parser.add_argument("--workers", type=int, default=1, help="how many processes share the work")
    parser.add_argument("--reload", action="store_true", help="start anew when the code changes")
    arguments = parser.parse_args()
    migrations.upgrade()
    sys.stderr.write(f"Try it at http://{arguments.host}:{arguments.port}/docs; Ctrl-C stops it.\n")
    # Whose X-Forwarded-For counts, TRUSTED_PROXIES says; uvicorn itself would believe whoever is on this machine.
    uvicorn.run("ninepanels.main:api", access_log=False, ws="none", proxy_headers=False, **vars(arguments))


if __name__ == "__main__":
    main()
