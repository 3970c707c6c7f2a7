"""The output of the tests says which were left out."""

import os
import subprocess
import sys
from pathlib import Path

from ninepanels import environments

from .support.servers import PROGRAM_DEADLINE_S


def test_what_is_left_out_is_named_with_several_processes_too(tmp_path: Path) -> None:
    settings = {name: value for name, value in os.environ.items() if name != "CI"} | {"PATH": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", "tests/test_ids.py"],
        cwd=environments.ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=True,
    )
    _, _, end = result.stdout.partition(" LEFT OUT ")
    for program in ("chromium", "redis-server", "npm", "nginx"):
        assert f"there is no {program} on the PATH (apt-get install {program})" in end
