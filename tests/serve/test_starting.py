"""Starting the service: migrations, settings, several instances."""

import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ninepanels import crud
from ninepanels import environments
from ninepanels import serve
from ninepanels.observability import logs

from ..support.checkouts import assert_refuses_with_one_line
from ..support.checkouts import run
from ..support.people import data
from ..support.servers import MIGRATE_AND_SERVE
from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import Service
from ..support.servers import environment
from ..support.servers import migrate_in_parallel
from .conftest import log_in
from .conftest import open_session
from .conftest import sign_up


@pytest.mark.parametrize("instances", [2, pytest.param(4, marks=pytest.mark.prove)])
def test_several_instances_migrate_an_empty_database_concurrently(empty_database_url: str, instances: int) -> None:
    migrate_in_parallel(empty_database_url, instances, "alembic", "upgrade", "head")
    with open_session(empty_database_url) as session:
        assert crud.schema.read_revision(session) == crud.schema.REVISION


ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - for a moment

SERVE_WITHOUT_LISTENING = """
import sys

from ninepanels import serve

def print_loaded_modules(_listener, **_options):
    __import__("ninepanels.main")
    sys.stdout.write(" ".join({"alembic", "ninepanels"} & sys.modules.keys()))

serve.start = print_loaded_modules
serve.main(["--port", "0"])
"""


@pytest.mark.any_database
def test_the_serving_process_does_not_load_alembic(empty_database_url: str) -> None:
    command = [sys.executable, "-c", SERVE_WITHOUT_LISTENING]
    environ = environment(empty_database_url)
    served = subprocess.run(command, cwd=environments.ROOT, env=environ, capture_output=True, text=True, check=True)
    assert served.stdout.splitlines()[-1] == "ninepanels"
    with open_session(empty_database_url) as session:
        assert crud.schema.read_revision(session) == crud.schema.REVISION


# --- The address ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [[], pytest.param(["--host", ALL_ADDRESSES, "--workers", "2"], marks=pytest.mark.prove)]
)
def test_the_address_in_the_log_is_where_the_service_listens(
    sqlite_template: Path, tmp_path: Path, options: list[str]
) -> None:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    with Service(f"sqlite:///{tmp_path}/test.db", tmp_path, (*MIGRATE_AND_SERVE, *options)) as service:
        assert re.search(r"Open http://127\.0\.0\.1:[1-9]\d+ in a browser", service.log())
        # Ctrl-C ends every command with the same exit code.
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(PROGRAM_DEADLINE_S) == 130
        assert "Traceback" not in service.log()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "99999"], "argument --port: '99999' is not a number from 0 to 65535"),
        (["--port=-1"], "argument --port: '-1' is not a number from 0 to 65535"),
        (["--workers", "0"], "argument --workers: '0' is not a number, 1 or more"),
        (["--workers", "2", "--reload"], "--reload serves with one process, so leave out --workers"),
    ],
)
def test_an_option_out_of_range_is_refused(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        serve.main(options)
    assert caught.value.code == 2
    assert capsys.readouterr().err == f"./mc.sh run: error: {message}\n"


def test_a_taken_port_is_the_only_message_and_the_database_is_not_migrated(checkout: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run(["./mc.sh", "run", "--port", str(port)], checkout, f"sqlite:///{tmp_path}/test.db")
    assert_refuses_with_one_line(
        result, f"http://127.0.0.1:{port}: port {port} is in use. Stop the other service, or: "
    )
    assert result.stderr.endswith(f"./mc.sh run --port {port + 1}\n")
    with open_session(f"sqlite:///{tmp_path}/test.db") as session:
        assert crud.schema.read_revision(session) is None


def test_an_address_of_another_machine_is_reported(monkeypatch: pytest.MonkeyPatch, sqlite_template: Path) -> None:
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", f"sqlite:///{sqlite_template}")
    with pytest.raises(SystemExit, match=r"http://192\.0\.2\.1:0: this machine cannot listen there .* See --host"):
        serve.main(["--host", "192.0.2.1", "--port", "0"])


def test_an_error_while_serving_is_logged_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, sqlite_template: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def start(*_arguments: object, **_options: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(serve, "start", start)
    monkeypatch.setattr(logs, "configure", lambda *_settings: None)
    monkeypatch.setenv("NINEPANELS_DATABASE_URL", f"sqlite:///{sqlite_template}")
    with pytest.raises(SystemExit, match=r"^TimeoutError$"):
        serve.main(["--port", "0"])
    assert "Traceback" in caplog.text


# --- Invalid settings -------------------------------------------------------------------------------------------------


# tests/config tests the other settings, without a process.
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@example.com/ninepanels"),
        pytest.param("SMTP_URL", "http://nine:hunter2@example.com", marks=pytest.mark.prove),
        pytest.param("ENV", "PRODUCTION", marks=pytest.mark.prove),
    ],
)
def test_an_invalid_setting_stops_the_start_with_one_line_that_names_it(name: str, value: str, tmp_path: Path) -> None:
    service = Service(f"sqlite:///{tmp_path}/not_opened.db", tmp_path, **{name: value})
    assert service.process.wait(PROGRAM_DEADLINE_S) == 1
    lines = service.log().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"NINEPANELS_{name}: ")
    assert "hunter2" not in lines[0]


def test_a_server_database_without_a_secret_stops_the_start_with_one_line(tmp_path: Path) -> None:
    service = Service("postgresql://127.0.0.1/ninepanels", tmp_path, JWT_SECRET="")
    assert service.process.wait(PROGRAM_DEADLINE_S) == 1
    lines = service.log().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("NINEPANELS_JWT_SECRET: ")


# --- Two instances ----------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_a_token_revoked_on_one_instance_is_revoked_on_all(database_url: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with Service(database_url, tmp_path / "one") as one, Service(database_url, tmp_path / "two") as two:
        data(sign_up(one))
        for path in ("/auth/logout", "/auth/logout_everywhere"):
            authorized = {"Authorization": f"Bearer {data(log_in(one))['access_token']}"}
            assert two.client.get("/users", headers=authorized).status_code == 200
            data(one.client.post(path, headers=authorized))
            assert two.client.get("/users", headers=authorized).status_code == 401
        later = {"Authorization": f"Bearer {data(log_in(two))['access_token']}"}
        assert one.client.get("/users", headers=later).status_code == 200
