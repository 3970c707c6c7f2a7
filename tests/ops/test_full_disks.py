"""Installations whose disk is full or read-only: reads go on, and a verb that must write says what is wrong."""

import os
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ninepanels import clock
from ninepanels import environments
from ninepanels.ops import demo

from ..serve.conftest import assert_is_unavailable
from ..serve.conftest import sign_up
from ..support.checkouts import assert_refuses_with_one_line
from ..support.checkouts import execute
from ..support.checkouts import variables
from ..support.disks import full_disk
from ..support.disks import make_space
from ..support.disks import read_only_disk
from ..support.people import data
from ..support.rows import add_user
from ..support.servers import MIGRATE_AND_SERVE
from ..support.servers import SECRET
from ..support.servers import Service

FILLER_BYTES = 1_000_000


@pytest.fixture
def files(sqlite_template: Path, tmp_path: Path) -> list[Path]:
    """The files of an installation: a database with a user, a secret, and something that may be deleted."""
    files = [tmp_path / name for name in ("main.db", "main.secret", "filler")]
    shutil.copy(sqlite_template, files[0])
    add_user(f"sqlite:///{files[0]}")
    files[1].write_text(SECRET)
    files[2].write_bytes(bytes(FILLER_BYTES))
    return files


@pytest.mark.parametrize(
    ("disk", "reason"),
    [
        (lambda folder, *files: full_disk(folder, *files, free=0), "disk is full"),
        (read_only_disk, "read-only|Read-only|Permission denied"),
    ],
    ids=["full", "read-only"],
)
def test_verbs_that_read_work_and_those_that_write_say_in_one_line_why_they_cannot(
    checkout: Path, files: list[Path], disk: Callable[..., AbstractContextManager[None]], reason: str
) -> None:
    (checkout / "var").mkdir()
    user = next(demo.generate_people(1, 1, 7, clock.now()))
    settings = variables("")
    del settings["NINEPANELS_DATABASE_URL"], settings["NINEPANELS_JWT_SECRET"]
    with disk(checkout / "var", *files):
        for verb, output in {"env": "NINEPANELS_ENV=MAIN", "migrate": "nothing was changed", "data read": "@"}.items():
            result = execute(["./mc.sh", *verb.split()], checkout, settings)
            assert (result.returncode, result.stderr) == (0, "")
            assert output in result.stdout
        for verb in (f"data promote {user.email}", "backup full --keep 3"):
            result = execute(["./mc.sh", *verb.split()], checkout, settings)
            assert re.search(reason, result.stderr), result.stderr
            assert_refuses_with_one_line(result, "")


def test_verbs_of_development_say_in_one_line_that_they_cannot_write_the_documentation(checkout: Path) -> None:
    (checkout / "docs").mkdir()
    sources = environments.ROOT / "docs"
    with read_only_disk(checkout / "docs", *sources.glob("*.py"), sources / "errors.md"):
        for verb, file in {"openapi": "openapi.json", "docs": "errors.md"}.items():
            result = execute(["./mc.sh", verb], checkout, variables(f"sqlite:///{checkout}/test.db"))
            assert_refuses_with_one_line(result, f"{checkout}/docs/{file}: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a full disk, and the service writes a log elsewhere")
def test_the_service_starts_on_a_full_disk_and_writes_when_there_is_space(files: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with (
        full_disk(folder, *files, free=0),
        Service(f"sqlite:///{folder}/main.db", tmp_path, MIGRATE_AND_SERVE) as service,
    ):
        assert service.status("/health/ready") == 200
        assert_is_unavailable(sign_up(service))
        make_space(folder / "filler", service.process.pid)
        data(sign_up(service))
        service.stop()
