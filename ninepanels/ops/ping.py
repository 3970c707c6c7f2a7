"""Checks that a service is up and measures its response time: `./mc.sh ping`."""

import http.client
import sys
import urllib.request
from collections.abc import Sequence
from statistics import median
from time import perf_counter

from .. import exceptions
from . import failures
from .arguments import parser_of

DEFAULT_URL = "http://127.0.0.1:8000"
REQUESTS = 10
TIMEOUT_S = 5


def main(arguments: Sequence[str]) -> None:
    """Print the median response time of `/health/ready`, or exit with the reason why the service is not ready."""
    parser = parser_of("ping", "Check that a service is up and measure its response time.")
    parser.add_argument("url", nargs="?", default=DEFAULT_URL, metavar="URL", help=f"by default {DEFAULT_URL}")
    url = parser.parse_args(arguments).url
    if not url.startswith(("http://", "https://")):
        sys.exit(f"{url} is not an http:// or https:// URL")
    with failures.reported():
        milliseconds = [measure(url, TIMEOUT_S) for _ in range(REQUESTS)]
        sys.stdout.write(f"{url} is ready; median of {REQUESTS} responses {median(milliseconds):.1f} ms\n")


def measure(url: str, timeout_s: float) -> float:
    """Return the response time of `/health/ready` in milliseconds.

    Raises:
        NotReady: there is no response, or it is an error. `detail` gives the reason.
    """
    started = perf_counter()
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health/ready", timeout=timeout_s) as response:  # noqa: S310 - see `main`
            response.read()
    except (OSError, http.client.HTTPException, ValueError) as error:
        # A ValueError is of a URL that cannot be parsed.
        reason = getattr(error, "reason", error)
        raise exceptions.NotReady(f"{url} is not ready: {getattr(reason, 'strerror', None) or reason}") from error
    return (perf_counter() - started) * 1_000
