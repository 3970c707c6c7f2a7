"""Starting the service: migrations, settings, several instances."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ninepanels import crud
from ninepanels import environments

from ..support.people import data
from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import Service
from ..support.servers import environment
from ..support.servers import migrate_in_parallel
from .conftest import log_in
from .conftest import open_session
from .conftest import sign_up


def test_several_instances_migrate_an_empty_database_concurrently(empty_database_url: str) -> None:
    migrate_in_parallel(empty_database_url, 4, "alembic", "upgrade", "head")
    with open_session(empty_database_url) as session:
        assert crud.schema.read_revision(session) == crud.schema.REVISION


SERVE_WITHOUT_LISTENING = """
import sys

import uvicorn

from ninepanels import serve

def print_loaded_modules(application, **_options):
    __import__(application.partition(":")[0])
    sys.stdout.write(" ".join({"alembic", "ninepanels"} & sys.modules.keys()))

sys.argv = ["serve"]
uvicorn.run = print_loaded_modules
serve.main()
"""


def test_the_serving_process_does_not_load_alembic(empty_database_url: str) -> None:
    command = [sys.executable, "-c", SERVE_WITHOUT_LISTENING]
    environ = environment(empty_database_url)
    served = subprocess.run(command, cwd=environments.ROOT, env=environ, capture_output=True, text=True, check=True)
    assert served.stdout.splitlines()[-1] == "ninepanels"
    with open_session(empty_database_url) as session:
        assert crud.schema.read_revision(session) == crud.schema.REVISION


def test_the_log_names_the_url_of_the_documentation(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    with Service(f"sqlite:///{tmp_path}/test.db", tmp_path) as service:
        assert "Open http://127.0.0.1:0 in a browser" in service.log()


# --- Invalid settings -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JWT_SECRET", "short"),
        ("DATABASE_URL", "mysql://root:hunter2@example.com/ninepanels"),
        ("THREADS", "many"),
        ("LOG_LEVEL", "chatty"),
        ("SMTP_URL", "http://nine:hunter2@example.com"),
        ("RATE_LIMIT_STORAGE", "memcached://:hunter2@example.com"),
        ("RATE_LIMITS", "sometimes"),
        ("URL_ROOT", "ninepanels.example"),
        ("MAIL_FROM", "Nine Panels"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("DEFAULT_TIMEZONE", "Mars/Olympus"),
        ("ENV", "PRODUCTION"),
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
