"""Measures each screen of the app with Lighthouse: `.venv/bin/python -m bench.lighthouse phone` or `… desktop`.

Starts a service on SQLite and a browser; the user has nine panels with 400 days. Needs a Chromium and an npm on the
PATH. Prints a line per screen: its path; the scores for performance, accessibility, best practices and SEO; the times
of the first and the largest paint; for how long the page was blocked; by how much the layout shifted. The figures
depend on the machine, so let nothing else run on it.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import cast

from starlette.testclient import TestClient

from docs.pictures import make
from tests.support import node
from tests.support import programs
from tests.support.people import PASSWORD
from tests.support.people import Person
from tests.support.servers import Service

FOLDER = Path(__file__).parent
FORMS = ("phone", "desktop")
OPEN_SCREENS = ("/login", "/signup", "/forgotten", f"/reset?email={make.EMAIL}&token=a")
SCREENS = ("/", "/panels/1", "/panels/1/edit", "/insights", "/settings")


def main() -> None:
    """Print the figures of all screens, or of those whose paths are arguments."""
    form, *paths = sys.argv[1:] or [""]
    chromium, node_js = programs.find("chromium"), shutil.which("node")
    if form not in FORMS or chromium is None or node_js is None:
        sys.exit("usage: python -m bench.lighthouse phone|desktop [PATH...], with a Chromium and an npm on the PATH")
    node.install(FOLDER)
    with (
        tempfile.TemporaryDirectory(prefix="ninepanels-lighthouse-") as folder,
        Service(f"sqlite:///{folder}/test.db", Path(folder), RATE_LIMITS="off") as service,
    ):
        make.fill(Person.sign_up(cast("TestClient", service.client), make.EMAIL, name="Mira", timezone="UTC"))
        arguments = [chromium, f"{service.url}/app/", form, make.EMAIL, PASSWORD, *(paths or OPEN_SCREENS + SCREENS)]
        command = [node_js, str(FOLDER / "measure.mjs"), *arguments]
        subprocess.run(command, check=True)  # noqa: S603 - the command is our own


if __name__ == "__main__":
    main()
