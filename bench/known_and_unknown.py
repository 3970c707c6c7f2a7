"""Measures whether response times reveal that an account exists.

Needs a service without rate limits and takes about a minute:

    NINEPANELS_RATE_LIMITS=off ./mc.sh --env TEST run --port 8300
    .venv/bin/python -m bench.known_and_unknown http://127.0.0.1:8300

"login" and "reset" are the durations of these requests. "after" is the duration of the six requests that follow a reset
request, while the service sends the mail.

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
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode
from urllib.parse import urlsplit

REQUESTS = 500
WARM_UP = 20
PROBES = 6
PASSWORD = "correct horse"
RESET = "/auth/request_password_reset"


class Client:
    """A client with one persistent connection."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.connection = http.client.HTTPConnection(str(address.hostname), address.port)

    def post(self, path: str, expected: int, **form: str) -> float:
        """Send a form and return the duration in ms."""
        return self._send("POST", path, expected, urlencode(form))

    def reset_and_probe(self, email: str) -> float:
        """Request a reset and return the duration of the next requests in ms."""
        self.post(RESET, HTTPStatus.OK, email=email)
        return sum(self._send("GET", "/health/ready", HTTPStatus.OK) for _ in range(PROBES))

    def _send(self, method: str, path: str, expected: int, body: str = "") -> float:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        started = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        response.read()
        duration = (time.perf_counter() - started) * 1_000
        if response.status != expected:
            sys.exit(f"expected {expected}, got {response.status}: is NINEPANELS_RATE_LIMITS=off?")
        return duration


def auc(known: list[float], unknown: list[float]) -> float:
    """Return the share of pairs in which the known account took longer."""
    return sum((k > u) + (k == u) / 2 for k in known for u in unknown) / (len(known) * len(unknown))


def compare(name: str, measure: Callable[[str], float], known: str, unknown: str) -> None:
    """Measure with both e-mails and print a line for each."""
    samples: tuple[list[float], list[float]] = ([], [])
    for email in (known, unknown) * WARM_UP:
        measure(email)
    # In random order: background work of one request slows the next one.
    pairs = list(zip((known, unknown), samples, strict=True)) * REQUESTS
    secrets.SystemRandom().shuffle(pairs)
    for email, sample in pairs:
        sample.append(measure(email))
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
    client.post("/users", HTTPStatus.OK, email=known, name="x", password=PASSWORD)
    sys.stdout.write(f"{REQUESTS} each, ms         p5   median      p95\n")
    log_in = partial(client.post, "/token", HTTPStatus.UNAUTHORIZED, password="wrong")
    compare("login", lambda email: log_in(username=email), known, unknown)
    compare("reset", lambda email: client.post(RESET, HTTPStatus.OK, email=email), known, unknown)
    compare("after", client.reset_and_probe, known, unknown)


if __name__ == "__main__":
    main()
