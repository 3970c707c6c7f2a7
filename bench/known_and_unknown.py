"""Measures whether response times reveal that an account exists.

Needs a service without rate limits and takes about a minute:

    NINEPANELS_RATE_LIMITS=off ./mc.sh --env TEST run --port 8300
    .venv/bin/python -m bench.known_and_unknown http://127.0.0.1:8300

"AUC" is the probability that a response takes longer for a known account than for an unknown one (Mann-Whitney U
divided by the number of pairs): 0.5 reveals nothing, 0 and 1 reveal everything.
"""

import argparse
import http.client
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from urllib.parse import urlencode
from urllib.parse import urlsplit

REQUESTS = 500
WARM_UP = 20
PASSWORD = "correct horse"


class Client:
    """A client with one persistent connection."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.connection = http.client.HTTPConnection(str(address.hostname), address.port)

    def post(self, path: str, **form: str) -> int:
        """Send a form and return the status."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", path, urlencode(form), headers)
        response = self.connection.getresponse()
        response.read()
        return response.status


def ms(request: Callable[[], int], expected: int) -> float:
    """Return the duration of a request in ms."""
    started = time.perf_counter()
    status = request()
    duration = (time.perf_counter() - started) * 1_000
    if status != expected:
        sys.exit(f"expected {expected}, got {status}: does the service run with NINEPANELS_RATE_LIMITS=off?")
    return duration


def auc(known: list[float], unknown: list[float]) -> float:
    """Return the share of pairs in which the known account took longer."""
    return sum((k > u) + (k == u) / 2 for k in known for u in unknown) / (len(known) * len(unknown))


def compare(name: str, known: Callable[[], int], unknown: Callable[[], int], expected: int) -> None:
    """Measure both kinds of requests and print a line for each."""
    samples: tuple[list[float], list[float]] = ([], [])
    for request in (known, unknown) * WARM_UP:
        ms(request, expected)
    # In random order: background work of one request slows the next one.
    pairs = list(zip((known, unknown), samples, strict=True)) * REQUESTS
    secrets.SystemRandom().shuffle(pairs)
    for request, sample in pairs:
        sample.append(ms(request, expected))
    for kind, sample in zip(("known", "unknown"), samples, strict=True):
        cuts = statistics.quantiles(sample, n=20)
        sys.stdout.write(f"{name:<6} {kind:<8} {cuts[0]:8.2f} {statistics.median(sample):8.2f} {cuts[-1]:8.2f}\n")
    sys.stdout.write(f"{name:<6} AUC {auc(*samples):.3f}\n")


def main() -> None:
    """Measure the service at the given URL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    client = Client(parser.parse_args().url)
    known, unknown = (f"{secrets.token_hex(8)}@example.com" for _ in range(2))
    ms(lambda: client.post("/users", email=known, name="x", password=PASSWORD), 200)
    sys.stdout.write(f"{REQUESTS} each, ms         p5   median      p95\n")
    login, reset = "/token", "/auth/request_password_reset"
    compare(
        "login",
        lambda: client.post(login, username=known, password="wrong"),
        lambda: client.post(login, username=unknown, password="wrong"),
        401,
    )
    compare("reset", lambda: client.post(reset, email=known), lambda: client.post(reset, email=unknown), 200)


if __name__ == "__main__":
    main()
