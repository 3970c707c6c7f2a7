"""Headers without end do not take memory, and do not hold other users up. Run by `./mc.sh prove`."""

from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import pytest

from ..serve.conftest import log_in
from ..serve.conftest import sign_up
from ..support.backends import on_sqlite
from ..support.floods import flooded
from ..support.people import data
from ..support.servers import Service

pytestmark = [pytest.mark.prove, on_sqlite]

REQUESTS = 2_000
MAX_GROWTH_KIB = 5 * 1024


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    with Service(database_url, tmp_path) as service:
        data(sign_up(service))
        yield service


def peak_kib(service: Service) -> int:
    """Return the most memory that the service has used so far."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def p99_ms(service: Service) -> float:
    """Return the 99th percentile of the durations of another user's requests."""
    token = data(log_in(service))["access_token"]
    durations = []
    for _ in range(REQUESTS):
        started = perf_counter()
        data(service.client.get("/panels", headers={"Authorization": f"Bearer {token}"}))
        durations.append((perf_counter() - started) * 1_000)
    return quantiles(durations, n=100)[-1]


def test_floods_of_headers_take_no_memory_and_hold_no_other_user_up(service: Service) -> None:
    quiet, before = p99_ms(service), peak_kib(service)
    with flooded(service.url, "many_small_headers", "one_large_value"):
        during = p99_ms(service)
    growth = peak_kib(service) - before
    print(f"p99 {quiet:.1f} ms, in a flood {during:.1f} ms; memory +{growth} KiB")  # noqa: T201 - the figures of the proof
    assert growth < MAX_GROWTH_KIB
    assert during < 2 * quiet


def test_a_flood_of_requests_takes_a_limited_amount_of_memory(service: Service) -> None:
    peaks = []
    for _ in range(2):
        with flooded(service.url, "many_requests_at_once"):
            p99_ms(service)
        peaks.append(peak_kib(service))
    print(f"memory {peaks[0]} KiB after a flood, {peaks[1]} KiB after another")  # noqa: T201 - the figures of the proof
    assert peaks[1] - peaks[0] < MAX_GROWTH_KIB
