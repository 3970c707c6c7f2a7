"""The code of the app: its types, its logic without a browser, its size, and the libraries in it."""

from pathlib import Path

import pytest

from ninepanels import environments

from ...support import node
from ...support import tools
from ...support.values import for_each
from . import vendor

APP = environments.ROOT / "ninepanels" / "web" / "app"
MAX_LINES = 250
OWN_MODULES = [path for path in sorted(APP.rglob("*.js")) if vendor.VENDOR not in path.parents]


@pytest.mark.usefixtures("packages")
def test_the_types_are_right() -> None:
    for project in ("tsconfig.json", "tsconfig.worker.json"):
        tools.run([node.modules(vendor.FOLDER) / ".bin" / "tsc", "--project", project], vendor.FOLDER)


@pytest.mark.usefixtures("packages")
def test_accounts_taps_and_changes_are_handled_as_the_scenarios_say() -> None:
    tools.run(
        ["node", "--test", "days.test.mjs", "outbox.test.mjs", "session.test.mjs", "stream.test.mjs"], vendor.FOLDER
    )


@for_each("path", OWN_MODULES)
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.usefixtures("packages")
def test_the_libraries_are_those_of_the_locked_packages() -> None:
    copies = [path for path in vendor.VENDOR.rglob("*") if path.is_file() and path.parent != vendor.VENDOR]
    assert {str(path.relative_to(vendor.VENDOR)): path.read_text() for path in copies} == vendor.files()


@pytest.mark.usefixtures("packages")
def test_the_readme_names_the_versions_of_the_libraries() -> None:
    rows = [line.split("|") for line in (vendor.VENDOR / "README.md").read_text().splitlines() if "](http" in line]
    named = {row[1].split("]")[0].strip(" ["): row[2].strip() for row in rows}
    assert named == vendor.versions()
