"""Writes the OpenAPI schema to docs/openapi.json: `./mc.sh openapi`."""

import json

from ninepanels import environments
from ninepanels.main import api

PAGE = environments.ROOT / "docs" / "openapi.json"


def text() -> str:
    """Return the schema as indented JSON."""
    return json.dumps(api.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
