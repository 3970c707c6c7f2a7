"""`python -m tests.mutation days` lists the changes of ninepanels/days.py that no test notices.

mutmut works in a temporary copy of the last commit, and is installed there, not into `.venv`. It changes no function
that has a decorator. The tests run on SQLite only.
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

TESTS = {
    "days": ["tests/test_days.py", "tests/test_days_insights.py", "tests/test_zones.py"],
    "accounts/limit_windows": ["tests/accounts/test_limited_networks.py", "tests/accounts/test_rate_limits.py"],
    "accounts/passwords": ["tests/accounts/test_passwords.py", "tests/accounts/test_password_forms.py"],
    "accounts/tokens": ["tests/accounts/test_tokens.py", "tests/routes/test_tokens.py", "tests/routes/test_auth.py"],
    "ops/safeguards": ["tests/ops/test_safeguards.py", "tests/ops/test_confirmations.py"],
}
"""The modules that can be tested, and the tests that cover each."""

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
    docs
    mc.sh
pytest_add_cli_args =
    -k
    not postgresql
pytest_add_cli_args_test_selection =
    {tests}
"""


def install(folder: Path) -> Path:
    """Return a Python with mutmut and the packages of the project."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    packages = next(folder.glob("lib/*/site-packages"))
    (packages / "project.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"mutmut=={VERSION}"], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", choices=TESTS)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "ninepanels"
        subprocess.run(["git", "clone", "--quiet", environments.ROOT, folder], check=True)
        tests = "\n    ".join(TESTS[arguments.module])
        (folder / "setup.cfg").write_text(CONFIGURATION.format(module=arguments.module, tests=tests))
        mutmut = [str(install(Path(temporary) / "venv")), "-m", "mutmut"]
        run = [*mutmut, "run", "--max-children", str(arguments.processes)]
        result = subprocess.run(run, cwd=folder, check=False)
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
