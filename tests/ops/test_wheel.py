"""The wheel, installed into an empty virtual environment: the command `ninepanels`."""

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path

import pytest

from ninepanels import environments
from ninepanels.__main__ import VERBS

from ..serve.conftest import log_in
from ..serve.conftest import sign_up
from ..support.checkouts import assert_refuses_with_one_line
from ..support.people import data
from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import Service

# `.ci/run` runs these proofs.
pytestmark = pytest.mark.prove

BUILD = 'source ./dependencies.sh && run_poetry build --quiet --format wheel --output "$1"'


def run(command: Sequence[str | Path], **options: object) -> str:
    result = subprocess.run(  # type: ignore[call-overload]
        command, check=True, stdout=subprocess.PIPE, text=True, timeout=PROGRAM_DEADLINE_S, **options
    )
    return str(result.stdout)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(["bash", "-c", BUILD, "build", str(folder)], cwd=environments.ROOT)
    (wheel,) = folder.iterdir()
    return wheel


@dataclass
class Installation:
    """A virtual environment with the wheel, and the home directory of a user."""

    venv: Path
    home: Path

    @property
    def data(self) -> Path:
        return self.home / ".local" / "share" / "ninepanels"

    @property
    def command(self) -> str:
        return str(self.venv / "bin" / "ninepanels")

    @property
    def variables(self) -> dict[str, str]:
        """Those of a user who has set nothing."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "COLUMNS": "80"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, *arguments],
            cwd=self.home,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROGRAM_DEADLINE_S,
            check=False,
        )

    def output(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout


class InstalledService(Service):
    """`ninepanels run`, in the home directory."""

    def __init__(self, installation: Installation) -> None:
        self.log_file = installation.venv / "service.log"
        self.url = ""
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                [installation.command, "run", "--port", "0"],
                cwd=installation.home,
                env=installation.variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


@pytest.fixture(scope="module")
def shared_installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Its packages are those of the tests, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("installation")
    venv = folder / "venv"
    run([sys.executable, "-m", "venv", "--without-pip", str(venv)])
    (packages,) = venv.glob("lib/*/site-packages")
    (used,) = Path(sys.prefix).glob("lib/*/site-packages")
    (packages / "used.pth").write_text(f"{used}\n")
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-compile")
    run([sys.executable, "-m", "pip", "--python", venv / "bin" / "python", "install", *options, wheel])
    return Installation(venv, folder)


@pytest.fixture
def installation(shared_installation: Installation, tmp_path: Path) -> Installation:
    return replace(shared_installation, home=tmp_path)


def assert_serves_and_keeps_its_data(installation: Installation) -> None:
    """Use the service, stop it, lose the database and restore a backup."""
    with InstalledService(installation) as service:
        data(sign_up(service))
        authorized = {"Authorization": f"Bearer {data(log_in(service))['access_token']}"}
        panel_id = data(service.client.post("/panels", json={"title": "Read"}, headers=authorized))["id"]
        data(service.client.post(f"/panels/{panel_id}/entries", json={"is_complete": True}, headers=authorized))
        page = service.client.get("/app/").text
        for path in ["/docs", "/redoc", "/problems/", *re.findall(r'(?:href|src)="([^"#:]+)"', page)]:
            assert service.client.get(f"/app/{path}" if path[0] != "/" else path).status_code == 200, path
        version = data(service.client.get("/"))["version"]
    assert re.search(r"^ +entries +1 *$", installation.output("data", "read"), re.MULTILINE)
    backup = Path(installation.output("backup", "full").strip())
    assert backup.parent == installation.data / "var" / "backups"
    assert_refuses_with_one_line(installation.run("restore", str(backup), "--yes"), "'restore' is refused on MAIN")
    for file in (installation.data / "var").glob("main.db*"):
        file.unlink()
    assert re.search(r"^users +0 +1$", installation.output("restore", str(backup)), re.MULTILINE)
    with InstalledService(installation) as service:
        (panel,) = data(service.client.get("/panels", headers=authorized))
        assert (panel["id"], panel["is_complete"]) == (panel_id, True)
    assert [path.name for path in installation.home.iterdir()] == [".local"]
    assert not list(installation.venv.rglob("*.db"))
    assert f"{version}-" in next(installation.venv.glob("lib/*/site-packages/ninepanels-*")).name.replace(".dist", "-")


def test_an_installation_serves_and_keeps_its_data(installation: Installation) -> None:
    assert_serves_and_keeps_its_data(installation)


def test_a_downloaded_installation_serves_and_keeps_its_data(wheel: Path, tmp_path: Path) -> None:
    run([sys.executable, "-m", "venv", str(tmp_path / "venv")])
    run([tmp_path / "venv" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", wheel])
    (tmp_path / "home").mkdir()
    assert_serves_and_keeps_its_data(Installation(tmp_path / "venv", tmp_path / "home"))


def test_ctrl_c_ends_the_service_with_one_line_and_130_and_loses_nothing(installation: Installation) -> None:
    with InstalledService(installation) as service:
        data(sign_up(service))
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(PROGRAM_DEADLINE_S) == 128 + signal.SIGINT
        lines = service.log().splitlines()
    assert [line for line in lines if not line.startswith("20")][1:] == ["Interrupted."]
    assert re.search(r"^ +users +1 *$", installation.output("data", "read"), re.MULTILINE)


def test_the_wheel_contains_every_file_of_the_package_and_the_migrations(wheel: Path) -> None:
    tracked = run(["git", "ls-files", "ninepanels", "alembic"], cwd=environments.ROOT).splitlines()
    expected = {re.sub(r"^alembic/", "ninepanels/alembic/", name) for name in tracked}
    contents = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert contents == expected


def test_the_help_lists_the_verbs_in_80_columns(installation: Installation) -> None:
    text = installation.output()
    assert re.findall(r"^    (\w+) +\w", text, re.MULTILINE) == list(VERBS)
    assert max(len(line) for line in text.splitlines() if str(installation.data) not in line) <= 80


def test_the_help_of_each_verb_fits_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environments, "COMMAND", "ninepanels")
    monkeypatch.setenv("COLUMNS", "80")
    for name, verb in VERBS.items():
        with pytest.raises(SystemExit) as caught:
            importlib.import_module(f"ninepanels.{verb.module}").main(["--help"])
        text = capsys.readouterr().out
        assert caught.value.code == 0
        assert f"ninepanels {name}" in text
        assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["fly"], ["run", "--reload"]])
def test_a_wrong_argument_is_one_line(installation: Installation, arguments: list[str]) -> None:
    result = installation.run(*arguments)
    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith("ninepanels")


def test_the_environment_is_main_unless_another_is_named(installation: Installation) -> None:
    assert f"NINEPANELS_ENV=MAIN\nNINEPANELS_HOME={installation.data}\n" in installation.output("env")
    other = installation.output("--env", "TEST", "env")
    assert "NINEPANELS_ENV=TEST\n" in other
    assert f"sqlite:///{installation.data}/var/test.db\n" in other
    assert_refuses_with_one_line(installation.run("data", "clear", "--yes"), "'clear' is refused on MAIN")
    assert_refuses_with_one_line(installation.run("--env", "TEST", "data", "read"), "run ninepanels migrate")


def test_the_home_can_be_chosen(installation: Installation, tmp_path: Path) -> None:
    shutil.copytree(installation.home, chosen := tmp_path / "chosen", dirs_exist_ok=True)
    (chosen / ".env.main").write_text("NINEPANELS_THREADS=3\n")
    command = [installation.command, "env"]
    text = run(command, cwd="/", env=installation.variables | {"NINEPANELS_HOME": str(chosen)})
    assert f"NINEPANELS_HOME={chosen}\n" in text
    assert "NINEPANELS_THREADS=3\n" in text
