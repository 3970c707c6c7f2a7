"""Asks a running service whether it is up, and how fast: `python -m ninepanels.ping URL`."""

import sys
import urllib.error
import urllib.request
from statistics import median
from time import perf_counter

TRIES = 10
TIMEOUT_S = 5


def main(url: str) -> None:
    """Print the median time of TRIES answers of `/health/ready`, or leave with what is wrong."""
    if not url.startswith(("http://", "https://")):
        sys.exit(f"{url} is no http:// or https:// address")
    try:
        milliseconds = [_time(f"{url.rstrip('/')}/health/ready") for _ in range(TRIES)]
    except (urllib.error.URLError, OSError) as error:
        sys.exit(f"{url} is not ready: {error}")
    sys.stdout.write(f"{url} is ready; median of {TRIES} answers {median(milliseconds):.1f} ms\n")


def _time(url: str) -> float:
    started = perf_counter()
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:  # noqa: S310 - the scheme is checked above
        response.read()
    return (perf_counter() - started) * 1_000


if __name__ == "__main__":
    main(sys.argv[1])
