"""Generated requests, valid and invalid, get the responses that the schema documents: all checks of schemathesis."""

from pathlib import Path

import pytest

from ..support.servers import Service
from . import fuzz


@pytest.mark.parametrize("is_logged_in", [pytest.param(False, marks=pytest.mark.prove), True])
@pytest.mark.parametrize(
    ("backend", "per_operation"),
    [("sqlite", 1), *(pytest.param(backend, 50, marks=pytest.mark.prove) for backend in ("sqlite", "postgresql"))],
    indirect=["backend"],
)
def test_generated_requests_get_documented_responses(
    database_url: str, tmp_path: Path, per_operation: int, is_logged_in: bool
) -> None:
    with Service(database_url, tmp_path, RATE_LIMITS="off") as service:
        admins = fuzz.Admins(service.url, database_url) if is_logged_in else None
        report = fuzz.fuzz(service.url, admins, per_operation, deterministic=True)
        assert report.failures == {}
        # Some routes need no login.
        assert report.statuses[200], report.statuses
