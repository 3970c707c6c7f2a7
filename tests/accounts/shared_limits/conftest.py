"""A real Redis server. Without `redis-server`, CI fails; elsewhere these tests are left out."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...support import programs
from ...support.postgres import free_port
from ...support.servers import wait_for

REDIS = programs.find("redis-server")

is_skipped = REDIS is None and not os.environ.get("CI")
if is_skipped:
    collect_ignore_glob = ["test_*.py"]


class RedisServer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @contextmanager
    def running(self) -> Iterator[None]:
        assert REDIS is not None, "CI needs redis-server for the tests of shared limits"
        log_file = self.folder / "redis.log"
        command = [REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        with log_file.open("w") as log, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log) as process:
            try:
                wait_for(lambda: "Ready to accept connections" in log_file.read_text())
                yield
            finally:
                process.terminate()
