"""Builds the documentation into var/site: `./mc.sh docs`."""

import subprocess
import sys
from pathlib import Path

from ninepanels import environments
from ninepanels import exceptions
from ninepanels.ops import failures
from ninepanels.routes import reference

from . import errors
from . import events


def build(project: Path) -> None:
    """Build the site of a copy of the project. A broken link between pages is an error.

    Raises:
        OperationRefused: zensical has failed, and has said why.
    """
    for page in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (project / page).read_text()
        (project / "docs" / page.lower()).write_text(text.replace("](docs/", "]("))
    config = project / "zensical.toml"
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", str(config)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - the command is our own
        raise exceptions.OperationRefused("The documentation was not built: the reason is above.")
    (project / "var" / "site" / "redoc.standalone.js").write_bytes(reference.redoc_script())


if __name__ == "__main__":
    with failures.reported():
        errors.write(environments.ROOT / "docs" / "errors.md")
        events.write(environments.ROOT / "docs" / "events.md")
        build(environments.ROOT)
