"""Writes the OpenAPI schema to docs/openapi.json: `./mc.sh openapi`."""

import json

from ninepanels import environments
from ninepanels.main import api
from ninepanels.ops import failures

PAGE = environments.ROOT / "docs" / "openapi.json"


def text() -> str:
    """Return the schema as indented JSON."""
    return json.dumps(api.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    with failures.reported():
        PAGE.write_text(text(), "utf-8")
