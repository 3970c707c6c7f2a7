"""Temporary checkouts of the project. The branch decides the environment, so tests need several."""

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from ninepanels import environments

from .servers import PROGRAM_DEADLINE_S
from .servers import environment


def make(folder: Path) -> Path:
    """Copy the project into a folder, on the branch `main`, with its packages linked: mc.sh downloads none."""
    for name in ("alembic", "ninepanels"):
        shutil.copytree(environments.ROOT / name, folder / name)
    scripts = ("backup.sh", "data_mgmt.py", "dependencies.sh", "mc.sh")
    for name in (*scripts, "alembic.ini", "pyproject.toml", "poetry.lock"):
        shutil.copy(environments.ROOT / name, folder / name)
    _link_packages(folder)
    subprocess.run([program("git"), "init", "--quiet", "--initial-branch", "main"], cwd=folder, check=True)
    return folder


def make_earlier(folder: Path, commit: str) -> Path:
    """Write the project as of a commit into a folder, with the packages of this one, and without a branch."""
    # Some commits contain this link to a temporary file by mistake.
    command = [program("git"), "archive", commit, "--", ".", ":(exclude)link.db"]
    archive = subprocess.run(command, cwd=environments.ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    _link_packages(folder)
    return folder


def has_commit(commit: str) -> bool:
    """Return whether the history of this checkout contains a commit. A shallow one has none, a download no git."""
    return environments.git("cat-file", "-e", f"{commit}^{{commit}}") is not None


def _link_packages(folder: Path) -> None:
    venv = folder / ".venv"
    venv.mkdir()
    for part in Path(sys.prefix).iterdir():
        if not part.name.startswith(".installed-"):
            (venv / part.name).symlink_to(part)
    command = [program("cksum"), "pyproject.toml", "poetry.lock"]
    stamp = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    for group in ("main", "dev"):
        (venv / f".installed-{group}").write_text(stamp)


def switch(checkout: Path, branch: str) -> None:
    subprocess.run([program("git"), "symbolic-ref", "HEAD", f"refs/heads/{branch}"], cwd=checkout, check=True)


def variables(database_url: str, **settings: str) -> dict[str, str]:
    """Return the environment variables of a process in a checkout. Without ENV, the branch decides the environment."""
    ours = environment(database_url, **settings)
    if "ENV" not in settings:
        del ours["NINEPANELS_ENV"]
    return ours


def run(
    command: list[str], checkout: Path, database_url: str, typed: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    return execute(command, checkout, variables(database_url, **settings), typed)


def execute(
    command: list[str], checkout: Path, environment_variables: dict[str, str], typed: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=checkout,
        env=environment_variables,
        input=typed,
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )


def program(name: str) -> str:
    path = shutil.which(name)
    assert path is not None, f"{name} is not on the PATH"
    return path


def assert_refuses_with_one_line(result: subprocess.CompletedProcess[str], saying: str) -> None:
    assert result.returncode == 1
    assert result.stdout == ""
    assert saying in result.stderr
    assert len(result.stderr.splitlines()) == 1
