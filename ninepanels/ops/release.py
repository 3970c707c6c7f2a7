"""Which release of Nine Panels this checkout is."""

import tomllib
from datetime import UTC
from datetime import datetime
from functools import cache

from .. import environments
from .. import pydmodels as pyd

NAME = "Nine Panels"


@cache
def about() -> pyd.About:
    """Return the release; what only git knows is None outside a checkout."""
    project = tomllib.loads((environments.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    commit, _, committed = (environments.git("log", "-1", "--format=%H %cI") or "").partition(" ")
    return pyd.About(
        name=NAME,
        version=project["version"],
        branch=environments.branch() or None,
        commit=commit or None,
        release_date=datetime.fromisoformat(committed).astimezone(UTC) if committed else None,
    )
