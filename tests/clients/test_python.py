"""The client that openapi-python-client generates passes mypy, and works: a program uses it with the service."""

import os
import shutil
import sys
import venv
from pathlib import Path

import pytest

from docs import openapi
from ninepanels import environments

from ..support import tools
from ..support.backends import on_sqlite
from ..support.servers import Service

FOLDER = environments.ROOT / "tests" / "clients"
TOOLS = environments.ROOT / "var" / "openapi-python-client"
OUTPUT = """\
signed up: ada@example.com
created: Read at 0
created: Write at 1
panels: ['Read', 'Write'] 2 of 9
tapped: True True
history: [True] 1 day
consistency: ['Read 1.0', 'Write 0.0']
error: 404 not_found This does not exist, or it is not yours.
invalid: [['body', 'title']]
"""


def install_generator() -> None:
    venv.create(TOOLS, clear=True, with_pip=True)
    # Without dependencies, so that nothing is installed that is not pinned.
    install = "install --quiet --disable-pip-version-check --no-deps --requirement"
    tools.run([TOOLS / "bin" / "pip", *install.split(), FOLDER / "requirements.txt"], TOOLS)


@pytest.mark.prove
@on_sqlite
def test_a_generated_client_does_the_tour(service: Service, tmp_path: Path) -> None:
    tools.install_once(FOLDER / "requirements.txt", TOOLS, install_generator)
    program = tmp_path / "python"
    shutil.copytree(FOLDER / program.name, program)
    generate = "openapi-python-client generate --fail-on-warning --meta none --output-path nine_panels_client --path"
    tools.run([*generate.split(), openapi.PAGE], program, PATH=f"{TOOLS}/bin:{os.environ['PATH']}")
    tools.run([sys.executable, "-m", "mypy", "--python-executable", TOOLS / "bin" / "python", "."], program)
    assert tools.run([TOOLS / "bin" / "python", "tour.py", service.url], program) == OUTPUT
