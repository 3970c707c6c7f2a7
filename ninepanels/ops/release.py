"""The running release: version, branch and commit."""

import re
import tomllib
from datetime import UTC
from datetime import datetime
from functools import cache
from importlib import metadata

from .. import environments
from .. import pydmodels as pyd

NAME = "Nine Panels"


@cache
def about() -> pyd.About:
    """Return the release. Outside a git checkout, branch, commit and release date are None."""
    commit, _, committed = (environments.git("log", "-1", "--format=%H %cI") or "").partition(" ")
    return pyd.About(
        name=NAME,
        version=_version(),
        branch=environments.branch() or None,
        commit=commit or None,
        release_date=datetime.fromisoformat(committed).astimezone(UTC) if committed else None,
    )


def _version() -> str:
    if not environments.IS_CHECKOUT:
        return metadata.version("ninepanels")
    version: str = tomllib.loads((environments.ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return version


def numbers() -> tuple[int, ...]:
    """Return the three numbers of the version, without a suffix such as `rc1`."""
    return tuple(map(int, re.findall(r"\d+", about().version)[:3]))
