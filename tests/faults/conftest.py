"""The scene of a fault: a database of its own, on both kinds."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.postgres import UNPRIVILEGED_USER
from ..support.postgres import PostgresServer
from . import report
from .scene import Scene

SMALL_DISK_MB = 400


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can read, unlike `tmp_path`: as root, PostgreSQL runs as another user."""
    with tempfile.TemporaryDirectory(prefix="ninepanels-fault-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "data").mkdir()
        yield folder


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A small disk for the database, mounted before the database is made."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    disk = folder / "data"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.fixture
def scene(request: pytest.FixtureRequest, backend: str, folder: Path) -> Iterator[Scene]:
    """A database in the folder `data`. If the test is a proof, its outcome is added to docs/reliability.md.

    The first line of the test's docstring is the name of the fault.
    """
    data = folder / "data"
    scene = Scene(folder, f"sqlite:///{data}/test.db")
    if backend == "postgresql":
        if os.geteuid() == 0:
            shutil.chown(data, UNPRIVILEGED_USER)
        scene.postgres = PostgresServer(data, options="")
        scene.postgres.start()
        scene.database_url = scene.postgres.create_database("faults")
    try:
        yield scene
    finally:
        if scene.postgres is not None:
            scene.postgres.stop()
    if request.node.get_closest_marker("prove") and scene.outcome is not None:
        report.add(request.function.__doc__.rstrip("."), backend, scene.outcome)
