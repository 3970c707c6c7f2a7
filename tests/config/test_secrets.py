"""The settings JWT_SECRET and JWT_SECRET_PREVIOUS."""

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ninepanels import config
from ninepanels.environments import Environment

from ..support.disks import full_disk
from ..support.servers import DEADLINE_S
from ..support.servers import PROGRAM_DEADLINE_S
from .conftest import PREVIOUS
from .conftest import SECRET
from .conftest import SERVER
from .conftest import SetVariables
from .conftest import error_message
from .conftest import settings_of


def test_a_server_database_requires_a_secret(set_variables: SetVariables) -> None:
    set_variables(DATABASE_URL=SERVER)
    assert error_message().startswith("NINEPANELS_JWT_SECRET: must be at least 32 random bytes")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        (SERVER, "x" * 31),
        (SERVER, ""),
        (SERVER, "ü" * 15),
        ("sqlite:////tmp/never-opened.db", "x" * 31),
        ("sqlite:////tmp/never-opened.db", "ü" * 15),
    ],
)
def test_a_short_secret_is_refused(url: str, secret: str, set_variables: SetVariables) -> None:
    set_variables(DATABASE_URL=url, JWT_SECRET=secret)
    assert error_message().startswith("NINEPANELS_JWT_SECRET: ")


@pytest.mark.parametrize("secret", ["x" * 32, "ü" * 16])
def test_a_secret_of_32_bytes_is_accepted(secret: str) -> None:
    assert settings_of(database_url=SERVER, jwt_secret=secret).jwt_secret.get_secret_value() == secret


def test_a_configured_secret_is_not_written_to_a_file(installation: Path) -> None:
    settings_of(jwt_secret=SECRET)
    assert not list(installation.glob("**/*.secret"))


def test_during_a_rotation_both_secrets_are_accepted_the_new_one_first(set_variables: SetVariables) -> None:
    assert settings_of(jwt_secret=SECRET).accepted_secrets == (SECRET,)
    set_variables(JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS=PREVIOUS)
    assert config.read_settings().accepted_secrets == (SECRET, PREVIOUS)


def test_a_previous_secret_is_accepted_beside_a_generated_one(set_variables: SetVariables) -> None:
    set_variables(JWT_SECRET_PREVIOUS=PREVIOUS)
    settings = config.read_settings()
    assert settings.accepted_secrets == (settings.jwt_secret.get_secret_value(), PREVIOUS)


@pytest.mark.parametrize("previous", ["hunter2-hunter2", "ü" * 15, SECRET])
def test_a_previous_secret_that_is_short_or_equal_is_reported_without_its_value(
    previous: str, set_variables: SetVariables
) -> None:
    set_variables(JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS=previous)
    line = error_message()
    assert line.startswith("NINEPANELS_JWT_SECRET_PREVIOUS: ")
    assert previous not in line


def test_a_secret_is_generated_for_an_embedded_database(installation: Path) -> None:
    secret = settings_of().jwt_secret.get_secret_value()
    assert len(bytes.fromhex(secret)) == 32
    assert (installation / "var" / "test.secret").read_text() == secret


def test_the_secret_is_generated_once() -> None:
    assert settings_of().jwt_secret == settings_of().jwt_secret


def test_generated_secrets_of_two_environments_differ() -> None:
    assert settings_of(Environment.TEST).jwt_secret != settings_of(Environment.FEATURE).jwt_secret


def test_only_the_owner_can_read_the_generated_secret(installation: Path) -> None:
    settings_of()
    assert stat.S_IMODE((installation / "var" / "test.secret").stat().st_mode) == 0o600


def test_generating_a_secret_leaves_no_temporary_file(installation: Path) -> None:
    settings_of()
    settings_of()
    assert [path.name for path in (installation / "var").iterdir()] == ["test.secret"]


def test_a_secret_that_cannot_be_written_is_reported_in_one_line(installation: Path) -> None:
    (installation / "var").mkdir()
    (installation / "filler").write_bytes(b"x")
    with full_disk(installation / "var", installation / "filler", free=0):
        reason = "No space left on device" if os.geteuid() == 0 else "File too large"
        assert error_message() == (
            f"NINEPANELS_JWT_SECRET: the secret cannot be kept in {installation}/var/test.secret: {reason}"
        )
        assert [path.name for path in (installation / "var").iterdir()] == ["filler"]


def test_a_generated_secret_is_read_from_a_full_disk(installation: Path) -> None:
    settings_of()
    kept = installation / "var" / "test.secret"
    (installation / "full").mkdir()
    with full_disk(installation / "full", kept, free=0), pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "VAR", installation / "full")
        assert settings_of().jwt_secret.get_secret_value() == kept.read_text()


@pytest.mark.parametrize("contents", [b"", b"\xff\xfe", b"short"])
def test_a_damaged_secret_is_reported_with_its_file(installation: Path, contents: bytes) -> None:
    (installation / "var").mkdir()
    (installation / "var" / "test.secret").write_bytes(contents)
    line = error_message()
    assert line.startswith("NINEPANELS_JWT_SECRET: ")
    assert f"{installation}/var/test.secret" in line
    assert "damaged" in line


def test_concurrent_processes_agree_on_the_generated_secret(installation: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ninepanels import config; config.VAR = Path(sys.argv[1]);"
        "sys.stdin.read(); sys.stdout.write(config.Settings(env='TEST').jwt_secret.get_secret_value())"
    )
    project = Path(config.__file__).resolve().parent.parent
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(installation / "var")],
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    # Each process waits for the end of its input, so that all read their settings at the same time.
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    secrets = [process.communicate(timeout=PROGRAM_DEADLINE_S)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3
    assert secrets == [settings_of().jwt_secret.get_secret_value()] * 3


def test_concurrent_threads_agree_on_the_generated_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As for two containers with a shared volume, whose process ids are equal."""
    start = threading.Barrier(8)

    def read() -> str:
        start.wait(DEADLINE_S)
        return settings_of().jwt_secret.get_secret_value()

    with ThreadPoolExecutor(8) as pool:
        for attempt in range(20):
            monkeypatch.setattr(config, "VAR", tmp_path / str(attempt))
            secrets = {reading.result() for reading in [pool.submit(read) for _ in range(8)]}
            assert len(secrets) == 1
