"""The types that openapi-typescript generates compile in a strict program, which then runs against the service."""

import json
import shutil
from pathlib import Path

import pytest

from docs import openapi
from ninepanels import environments

from ..support import node
from ..support.backends import on_sqlite
from ..support.servers import Service

OUTPUT = """\
signed up: ada@example.com
created: Read at 0
created: Write at 1
panels: [ 'Read', 'Write' ] 2 of 9
tapped: true true
history: [ true ] 1 day
consistency: [ 'Read 1', 'Write 0' ]
error: 404 not_found This does not exist, or it is not yours.
invalid: [ 'body.title' ]
"""


@pytest.mark.prove
@pytest.mark.usefixtures("node_tools")
@on_sqlite
def test_a_typed_client_does_the_tour(service: Service, tmp_path: Path) -> None:
    program = tmp_path / "typescript"
    shutil.copytree(environments.ROOT / "tests" / "clients" / program.name, program)
    (program / "node_modules").symlink_to(node.MODULES)
    node.run("openapi-typescript", openapi.PAGE, "--output", "schema.d.ts", folder=program)
    node.run("tsc", folder=program)
    code = f"import {{ tour }} from './tour.js'; await tour({json.dumps(service.url)});"
    assert node.evaluate(code, program) == OUTPUT
