"""`docs/openapi.json` is the schema of this version, and `docs/openapi-released.json` that of the last release."""

import copy
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from docs import openapi
from ninepanels import environments

from ..support import node

RELEASED = environments.ROOT / "docs" / "openapi-released.json"
CHANGELOG = environments.ROOT / "CHANGELOG.md"


def breaking_changes(base: Path, revision: Path) -> dict[str, str]:
    """Return the operations whose clients a change can break, such as `GET /panels`, each with one of the reasons."""
    report = json.loads(node.run("redocly", "diff", base, revision, "--format=json", "--fail-on=none"))
    major = [change for change in report["changes"] if change["impact"] == "major"]
    return {operation_of(change["path"]): change["verdicts"][0]["message"] for change in major}


def operation_of(pointer: str) -> str:
    """Return the operation that a JSON pointer leads into, or the pointer if it leads elsewhere."""
    part, path, method, *_ = [*pointer.removeprefix("#/").split("/"), "", ""]
    return f"{method.upper()} {path.replace('~1', '/')}".strip() if part == "paths" else pointer


def announced(changelog: str) -> set[str]:
    """Return what the section of breaking changes of the next release names in backticks."""
    unreleased = changelog.partition("\n## Unreleased\n")[2].partition("\n## ")[0]
    section = unreleased.partition("\n### Breaking\n")[2].partition("\n### ")[0]
    return set(re.findall(r"`([^`]+)`", section))


def unannounced(changes: Iterable[str], changelog: str) -> set[str]:
    return set(changes) - announced(changelog)


def test_the_published_schema_is_current() -> None:
    assert openapi.PAGE.read_text("utf-8") == openapi.text(), "run ./mc.sh openapi"


@pytest.mark.usefixtures("node_tools")
def test_every_breaking_change_since_the_last_release_is_in_the_changelog() -> None:
    changes = breaking_changes(RELEASED, openapi.PAGE)
    missing = unannounced(changes, CHANGELOG.read_text())
    assert not missing, {each: changes[each] for each in missing}


@pytest.mark.usefixtures("node_tools")
def test_removals_narrower_types_and_new_requirements_are_breaking_changes_and_additions_are_not(
    tmp_path: Path,
) -> None:
    base = json.loads(openapi.PAGE.read_text("utf-8"))
    revision: dict[str, Any] = copy.deepcopy(base)
    paths, schemas = revision["paths"], revision["components"]["schemas"]
    del paths["/panels"]["post"]
    del paths["/health/live"]
    del schemas["About"]["properties"]["commit"]
    schemas["UserUpdate"]["properties"]["name"]["maxLength"] = 50
    schemas["EntryCreate"]["required"].append("day")
    required = {"name": "reason", "in": "query", "required": True, "schema": {"type": "string"}}
    paths["/panels/{panel_id}"]["delete"]["parameters"].append(required)
    schemas["Token"]["properties"]["refresh_token"] = {"type": "string"}
    paths["/auth/logout"]["get"] = {**paths["/auth/logout"]["post"], "operationId": "addedLater"}
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(revision))
    assert set(breaking_changes(openapi.PAGE, changed)) == {
        "POST /panels",
        "/health/live",
        "GET /",
        "PATCH /users",
        "POST /panels/{panel_id}/entries",
        "DELETE /panels/{panel_id}",
    }


def test_a_breaking_change_is_announced_by_the_name_of_its_operation_in_the_changelog() -> None:
    changes = {"GET /panels", "POST /panels"}
    entry = "### Breaking\n\n- `GET /panels`: no title.\n"
    assert unannounced(changes, f"\n## Unreleased\n\n{entry}\n### Added\n\n- `POST /panels`\n") == {"POST /panels"}
    assert unannounced(changes, f"\n## Unreleased\n\n## 5.2.0\n\n{entry}") == changes
