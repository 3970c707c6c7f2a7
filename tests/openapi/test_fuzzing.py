"""Generated requests, valid and invalid, get the responses that the schema documents: all checks of schemathesis."""

from pathlib import Path

from ..support.servers import Service
from . import fuzz

PER_OPERATION = 1


def test_generated_requests_get_documented_responses(database_url: str, tmp_path: Path) -> None:
    with Service(database_url, tmp_path, RATE_LIMITS="off") as service:
        for admins in (None, fuzz.Admins(service.url, database_url)):
            report = fuzz.fuzz(service.url, admins, PER_OPERATION, deterministic=True)
            assert report.failures == {}
            assert report.statuses[200], report.statuses
