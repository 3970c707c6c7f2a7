"""Two linters find no error and no warning in the schema. No rule of theirs is switched off."""

from pathlib import Path

import pytest

from ..support import node

pytestmark = pytest.mark.usefixtures("node_tools")


def test_redocly_finds_no_problem(schema_file: Path) -> None:
    node.run("redocly", "lint", "--extends=recommended-strict", schema_file)


def test_spectral_finds_no_problem(schema_file: Path) -> None:
    node.run("spectral", "lint", "--ruleset=.spectral.yaml", "--fail-severity=hint", schema_file)
