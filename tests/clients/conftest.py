"""A real service for generated clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.servers import Service


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    with Service(database_url, tmp_path, RATE_LIMITS="off") as service:
        yield service
