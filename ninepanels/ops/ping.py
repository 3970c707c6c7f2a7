"""Asks a running service whether it is up, and how fast: `python -m ninepanels.ops.ping URL`."""

import http.client
import sys
import urllib.request
from statistics import median
from time import perf_counter

from .. import exceptions

TRIES = 10
TIMEOUT_S = 5


def main(url: str) -> None:
    """Print the median time of TRIES answers of `/health/ready`, or leave with what is wrong."""
    if not url.startswith(("http://", "https://")):
        sys.exit(f"{url} is no http:// or https:// address")
    try:
        milliseconds = [measure(url, TIMEOUT_S) for _ in range(TRIES)]
    except exceptions.NotReady as error:
        sys.exit(error.detail)
    sys.stdout.write(f"{url} is ready; median of {TRIES} answers {median(milliseconds):.1f} ms\n")


def measure(url: str, timeout_s: float) -> float:
    """Return how many milliseconds an answer of `/health/ready` takes.

    Raises:
        NotReady: there is none, or none that is good; the detail says why.
    """
    started = perf_counter()
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health/ready", timeout=timeout_s) as response:  # noqa: S310 - http(s)
            response.read()
    except (OSError, http.client.HTTPException) as error:
        raise exceptions.NotReady(f"{url} is not ready: {getattr(error, 'reason', error)}") from error
    return (perf_counter() - started) * 1_000


if __name__ == "__main__":
    main(sys.argv[1])
