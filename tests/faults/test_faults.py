"""No acknowledged tap is lost and none is recorded twice, whatever fails while 60 taps a second arrive.

Each refused tap is answered with 503, or its connection is refused while the service starts again. The docstring of a
test is the name of its fault in docs/reliability.md.
"""

import contextlib
import os
import signal
import socket
from pathlib import Path

import pytest

from ..accounts.shared_limits.conftest import RedisServer
from ..support import programs
from ..support.servers import wait_for
from .clock_ahead import VARIABLE
from .scene import Scene

prove = pytest.mark.prove
on_both = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"])

REFUSED, CUT_OFF = "refused", "cut off"


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("sqlite", id="suite"),
        pytest.param("sqlite", marks=prove, id="sqlite"),
        pytest.param("postgresql", marks=prove, id="postgresql"),
    ],
)
def test_no_tap_is_lost_when_the_service_is_killed(scene: Scene) -> None:
    """service killed (SIGKILL)"""
    with scene.taps(errors=(REFUSED, CUT_OFF)) as (manager, _load):
        manager.service.kill()


@prove
@on_both
def test_no_tap_is_lost_when_the_service_is_terminated(scene: Scene) -> None:
    """service terminated (SIGTERM)"""
    with scene.taps(errors=(REFUSED,)) as (manager, _load):
        manager.service.terminate()


@prove
@on_both
def test_no_tap_is_lost_when_a_worker_is_killed(scene: Scene) -> None:
    """one of two workers killed"""
    with scene.taps(errors=(CUT_OFF,), workers=2) as (manager, _load):
        wait_for(lambda: (scene.folder / "service.log").read_text().count("Application startup complete") == 2)
        os.kill(manager.workers()[0], signal.SIGKILL)


@prove
@on_postgresql
def test_no_tap_is_lost_when_postgresql_is_killed(scene: Scene) -> None:
    """PostgreSQL killed for 2 s"""
    with scene.taps() as (_manager, load):
        assert scene.postgres is not None
        scene.postgres.send_to_all(signal.SIGKILL)
        load.wait_until_sent(2)
        scene.postgres.start()


@prove
@on_postgresql
def test_no_tap_is_lost_when_postgresql_is_frozen(scene: Scene) -> None:
    """PostgreSQL frozen for 20 s"""
    with scene.taps() as (_manager, load):
        assert scene.postgres is not None
        with scene.postgres.frozen():
            load.wait_until_sent(20)


@prove
@on_postgresql
def test_no_tap_is_lost_when_connections_are_terminated(scene: Scene) -> None:
    """connections terminated"""
    with scene.taps() as (_manager, load):
        assert scene.postgres is not None
        for _ in range(3):
            scene.postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'faults'", "postgres"
            )
            load.wait_until_sent(0.5)


@prove
@on_both
def test_no_tap_is_lost_when_the_disk_is_full(small_disk: Path, scene: Scene) -> None:
    """disk full for 3 s"""
    with scene.taps() as (_manager, load):
        fill(small_disk / "filler")
        load.wait_until_sent(3)
        (small_disk / "filler").unlink()


@prove
@on_both
def test_no_tap_is_lost_when_the_clock_is_set_back(scene: Scene) -> None:
    """clock set back by an hour"""
    is_right = scene.folder / "is-right"
    with scene.taps(program=["tests.faults.clock_ahead"], variables={VARIABLE: str(is_right)}) as (_manager, load):
        is_right.touch()
        load.wait_until_sent(2)


@prove
@on_both
@programs.needs("redis-server")
def test_no_tap_is_lost_when_redis_is_away(scene: Scene) -> None:
    """Redis away"""
    redis = RedisServer(scene.folder)
    with contextlib.ExitStack() as running:
        running.enter_context(redis.running())
        with scene.taps(RATE_LIMITS="on", RATE_LIMIT_STORAGE=redis.url) as (_manager, load):
            running.close()
            load.wait_until_sent(3)


@prove
@on_both
def test_no_tap_is_lost_when_the_mail_server_hangs(scene: Scene) -> None:
    """SMTP server hangs"""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with scene.taps(SMTP_URL=url, MAIL_FROM="panels@example.com") as (_manager, load):
            for number in range(5):
                load.post("/auth/request_password_reset", {"email": f"user{number}@example.com"})
            load.wait_until_sent(5)


@prove
@on_both
def test_no_tap_is_lost_when_the_log_cannot_be_written(scene: Scene) -> None:
    """stderr full"""
    with scene.taps(output=Path("/dev/full")) as (_manager, load):
        load.wait_until_sent(3)


def fill(file: Path) -> None:
    """Write a file until its disk is full to the last byte."""
    with file.open("wb", buffering=0) as filler:
        for size in (2**20, 2**12, 1):
            try:
                while filler.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
