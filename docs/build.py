"""Builds the documentation into var/site: `./mc.sh docs`."""

import subprocess
import sys
from pathlib import Path

import fastapi_offline

from ninepanels import environments

from . import errors
from . import events

REDOC = Path(fastapi_offline.__file__).with_name("static") / "redoc.standalone.js"
REDOC_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"
NO_PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"


def build(project: Path) -> None:
    """Build the site of a copy of the project. A broken link between pages is an error."""
    for page in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (project / page).read_text()
        (project / "docs" / page.lower()).write_text(text.replace("](docs/", "]("))
    config = project / "zensical.toml"
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", str(config)]
    subprocess.run(command, check=True)  # noqa: S603 - the command is our own
    # Without Redoc's logo, which a browser would request from another host.
    script = REDOC.read_text("utf-8").replace(REDOC_LOGO, NO_PICTURE)
    (project / "var" / "site" / REDOC.name).write_text(script, "utf-8")


if __name__ == "__main__":
    errors.write(environments.ROOT / "docs" / "errors.md")
    events.write(environments.ROOT / "docs" / "events.md")
    build(environments.ROOT)
