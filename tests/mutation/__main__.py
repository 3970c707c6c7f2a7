"""`python -m tests.mutation days` lists the changes of ninepanels/days.py that no test notices.

mutmut works on the last commit, in a copy below var/mutation, where a run that was stopped goes on. It is installed
there, too, not into `.venv`. It changes no function that has a decorator. The tests run on SQLite only, with few
examples of hypothesis.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from ninepanels import environments

VERSION = "3.8.1"
FOLDER = environments.ROOT / "var" / "mutation"

TESTS = {
    "days": ["tests/test_days.py", "tests/test_days_insights.py", "tests/test_zones.py"],
    "accounts/creations": ["tests/accounts/test_creations.py", "tests/accounts/test_limited_writes.py"],
    "accounts/current_user": [
        "tests/accounts/test_current_user.py",
        "tests/accounts/test_limited_writes.py",
        "tests/accounts/test_password_forms.py",
        "tests/accounts/test_second_factor.py",
        "tests/accounts/test_sessions.py",
        "tests/routes/test_audit.py",
        "tests/routes/test_tokens.py",
        "tests/routes/test_users.py",
    ],
    "accounts/limit_windows": ["tests/accounts/test_limited_networks.py", "tests/accounts/test_rate_limits.py"],
    "accounts/login": [
        "tests/routes/test_auth.py",
        "tests/routes/test_audit.py",
        "tests/routes/test_password_resets.py",
        "tests/routes/test_tokens.py",
        "tests/accounts/test_second_factor.py",
    ],
    "accounts/passwords": [
        "tests/accounts/test_passwords.py",
        "tests/accounts/test_password_forms.py",
        "tests/routes/test_tokens.py",
    ],
    "accounts/rate_limits": [
        "tests/accounts/test_account_changes.py",
        "tests/accounts/test_limited_networks.py",
        "tests/accounts/test_limited_writes.py",
        "tests/accounts/test_rate_limits.py",
    ],
    "accounts/second_factor": ["tests/accounts/test_second_factor.py"],
    "accounts/sessions": [
        "tests/accounts/test_second_factor.py",
        "tests/accounts/test_sessions.py",
        "tests/routes/test_sessions.py",
    ],
    "accounts/tokens": ["tests/accounts/test_tokens.py", "tests/routes/test_tokens.py", "tests/routes/test_auth.py"],
    "accounts/totp": ["tests/accounts/test_second_factor.py"],
    "accounts/verification": [
        "tests/accounts/test_verification.py",
        "tests/accounts/test_account_changes.py",
        "tests/routes/test_audit.py",
        "tests/routes/test_password_resets.py",
    ],
    "ops/safeguards": ["tests/ops/test_safeguards.py", "tests/ops/test_confirmations.py"],
}
"""The modules that can be tested, and the tests that cover each."""

NO_PROGRAMS = "not (postgresql or command or menu or offers)"
"""Leaves out the tests that start a server or mc.sh, by their names."""

CONFIGURATION = """\
[mutmut]
source_paths =
    ninepanels
only_mutate =
    ninepanels/{module}.py
also_copy =
    .env.example
    alembic
    alembic.ini
    backup.sh
    data_mgmt.py
    dependencies.sh
    docs
    mc.sh
pytest_add_cli_args =
    -p
    no:cacheprovider
    --hypothesis-profile=few
    -k
    {chosen}
pytest_add_cli_args_test_selection =
    {tests}
# A fork for each change, of a process in which no test has started a thread.
process_isolation = forkserver
timeout_constant = 4
"""


def install() -> list[str | Path]:
    """Return the command of mutmut, in a Python that also has the packages of the project."""
    folder = FOLDER / "venv"
    python = folder / "bin" / "python"
    if not (folder / "bin" / "mutmut").exists():
        venv.create(folder, with_pip=True)
        packages = next(folder.glob("lib/*/site-packages"))
        (packages / "project.pth").write_text(sysconfig.get_path("purelib"))
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"mutmut=={VERSION}"], check=True)
    return [python, "-m", "mutmut"]


def copy(module: str) -> Path:
    """Return the folder with the last commit and the configuration for a module."""
    folder = FOLDER / module
    if folder.exists():
        for command in (["fetch", "--quiet", "origin", "HEAD"], ["reset", "--quiet", "--hard", "FETCH_HEAD"]):
            subprocess.run(["git", "-C", folder, *command], check=True)
    else:
        subprocess.run(["git", "clone", "--quiet", environments.ROOT, folder], check=True)
    tests = "\n    ".join(TESTS[module])
    configuration = CONFIGURATION.format(module=module, tests=tests, chosen=NO_PROGRAMS)
    (folder / "setup.cfg").write_text(configuration)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", choices=TESTS)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    mutmut = install()
    folder = copy(arguments.module)
    run = [*mutmut, "run", "--max-children", str(arguments.processes)]
    # Each change has a process of its own, which leaves its temporary files behind.
    with tempfile.TemporaryDirectory() as temporary:
        result = subprocess.run(run, cwd=folder, env={**os.environ, "TMPDIR": temporary}, check=False)
    if result.returncode == 0:
        listed = subprocess.run([*mutmut, "results"], cwd=folder, check=True, capture_output=True, text=True)
        for line in listed.stdout.splitlines():
            name, _, status = line.strip().partition(": ")
            sys.stdout.write(f"\n{status}: {name}\n")
            sys.stdout.flush()
            subprocess.run([*mutmut, "show", name], cwd=folder, check=True)
    sys.exit(result.returncode)


if __name__ == "__main__":
    main()
