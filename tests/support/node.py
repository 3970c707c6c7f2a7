"""The Node.js tools of `tests/openapi/package.json`: linters, and what a client in TypeScript needs."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ninepanels import environments

from .servers import PROGRAM_DEADLINE_S

FOLDER = environments.ROOT / "tests" / "openapi"
MODULES = FOLDER / "node_modules"


def install() -> None:
    """Install the locked tools, unless they are installed. Without npm, fail in CI and skip the test elsewhere."""
    if shutil.which("npm") is None:
        message = "there is no npm on the PATH; on Debian and Ubuntu: apt-get install nodejs npm"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".installed"
    # Several test processes install at the same time.
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], FOLDER)
            stamp.write_text(wanted)


def run(tool: str, *arguments: str | Path, folder: Path = FOLDER) -> str:
    """Run an installed tool in a folder and return its output; a non-zero exit code fails the test."""
    return _run([MODULES / ".bin" / tool, *arguments], folder)


def _run(command: list[str | Path], folder: Path) -> str:
    # Redocly CLI would look for a newer version and send usage data.
    quiet = {"REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "REDOCLY_TELEMETRY": "off", "NO_COLOR": "1"}
    result = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | quiet,
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
