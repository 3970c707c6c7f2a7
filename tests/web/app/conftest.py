"""The locked Node.js packages of the app."""

import pytest

from ...support import node
from .vendor import FOLDER


@pytest.fixture(scope="session")
def packages() -> None:
    """Install the packages."""
    node.install(FOLDER)
