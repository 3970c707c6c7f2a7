"""The Node.js tools of tests: of `tests/openapi` linters and clients in TypeScript, of `tests/web/app` for the app."""

import os
from pathlib import Path

import pytest

from ninepanels import environments

from . import programs
from . import tools

FOLDER = environments.ROOT / "tests" / "openapi"
MODULES = FOLDER / "node_modules"

# Redocly CLI would look for a newer version and send usage data.
QUIET = {"REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "REDOCLY_TELEMETRY": "off", "NO_COLOR": "1"}


def modules(folder: Path) -> Path:
    """Return where the packages of a folder are."""
    return folder / "node_modules"


def install(folder: Path = FOLDER) -> None:
    """Install a folder's locked tools, unless they are. Without npm, fail in CI and skip the test elsewhere."""
    if programs.find("npm") is None:
        message = "there is no npm on the PATH; on Debian and Ubuntu: apt-get install nodejs npm"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    tools.install_once(folder / "package-lock.json", modules(folder), lambda: tools.run(command, folder))


def run(tool: str, *arguments: str | Path, folder: Path = FOLDER) -> str:
    """Run an installed tool in a folder and return its output; a non-zero exit code fails the test."""
    return tools.run([MODULES / ".bin" / tool, *arguments], folder, **QUIET)


def evaluate(code: str, folder: Path, text: str = "") -> str:
    """Run JavaScript code, an ES module in a folder, with text as its standard input, and return its output."""
    return tools.run(["node", "--input-type=module", "--eval", code], folder, text)
