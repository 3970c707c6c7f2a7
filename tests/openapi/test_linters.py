"""Two linters find no error and no warning in the schema. No rule of theirs is switched off."""

import pytest

from docs import openapi

from ..support import node

pytestmark = pytest.mark.usefixtures("node_tools")


def test_redocly_finds_no_problem() -> None:
    node.run("redocly", "lint", "--extends=recommended-strict", openapi.PAGE)


def test_spectral_finds_no_problem() -> None:
    node.run("spectral", "lint", "--ruleset=.spectral.yaml", "--fail-severity=hint", openapi.PAGE)
