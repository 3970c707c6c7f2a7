"""Generated requests, valid and invalid, get the responses that the schema documents: all checks of schemathesis."""

from pathlib import Path

import pytest

from ..support.servers import Service
from . import fuzz


@pytest.mark.parametrize(
    ("backend", "per_operation"),
    [("sqlite", 1), *(pytest.param(backend, 50, marks=pytest.mark.prove) for backend in ("sqlite", "postgresql"))],
    indirect=["backend"],
)
def test_generated_requests_get_documented_responses(database_url: str, tmp_path: Path, per_operation: int) -> None:
    with Service(database_url, tmp_path, RATE_LIMITS="off") as service:
        for admins in (None, fuzz.Admins(service.url, database_url)):
            report = fuzz.fuzz(service.url, admins, per_operation, deterministic=True)
            assert report.failures == {}
            assert report.statuses[200], report.statuses
