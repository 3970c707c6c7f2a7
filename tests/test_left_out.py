"""Which tests do not run, and that the output says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ninepanels import environments

from .support import programs
from .support.servers import PROGRAM_DEADLINE_S

PROOF = """\
import pytest

@pytest.mark.prove
def test_long():
    assert False, "the proof ran"

def test_short():
    pass
"""


def run_pytest(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if name != "CI"} | variables
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=environments.ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )


def test_what_is_left_out_is_named_with_several_processes_too(tmp_path: Path) -> None:
    result = run_pytest("-n", "1", "tests/test_ids.py", PATH=str(tmp_path))
    assert result.returncode == 0, result.stdout
    _, _, end = result.stdout.partition(" LEFT OUT ")
    # Servers are found in /usr/sbin, too.
    for program in ("chromium", "redis-server", "npm"):
        assert f"there is no {program} on the PATH (apt-get install {program})" in end


def test_without_a_browser_no_test_in_a_browser_is_run(tmp_path: Path) -> None:
    result = run_pytest("--collect-only", "--quiet", "tests/browser", PATH=str(tmp_path))
    assert "no tests collected" in result.stdout


def test_a_server_in_a_folder_that_is_not_on_the_path_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(programs.OPTIONAL, "nginx", (("chroot",), "the tests"))
    monkeypatch.setenv("PATH", "/nowhere")
    assert programs.find("nginx") == "/usr/sbin/chroot"
    assert not [line for line in programs.left_out() if line.startswith("the tests:")]


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("-m", "prove"), 1)], ids=["test", "prove"])
def test_only_prove_runs_the_long_proofs(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    (tmp_path / "test_proof.py").write_text(PROOF)
    project = environments.ROOT / "pyproject.toml"
    result = run_pytest("-c", str(project), "-p", "no:cacheprovider", *arguments, str(tmp_path / "test_proof.py"))
    assert (result.returncode, "the proof ran" in result.stdout) == (code, bool(code)), result.stdout
    assert "1 deselected" in result.stdout
