"""Programs that some tests need. Outside CI they are optional, and the end of the output names what is left out."""

import os
import shutil
from collections.abc import Iterator

import pytest

OPTIONAL = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "the tests in a browser (tests/browser)"),
    "redis-server": (("redis-server",), "the tests of shared rate limits (tests/accounts/shared_limits)"),
    "npm": (("npm",), "the tests of the schema's linters and of clients and the app in JavaScript"),
    "nginx": (("nginx",), "the tests of a service behind nginx"),
    "haproxy": (("haproxy",), "the tests of streams behind HAProxy"),
}
"""By Debian package: the names of the program, and the tests that need it."""


def find(package: str) -> str | None:
    """Return the path of a program of a package, or None. Debian installs servers into a folder not on every PATH."""
    names, _ = OPTIONAL[package]
    found = (shutil.which(name) or shutil.which(name, path="/usr/sbin") for name in names)
    return next(filter(None, found), None)


def needs(package: str) -> pytest.MarkDecorator:
    """Return the mark of a test that needs a program. In CI the test is not skipped, and fails without the program."""
    is_skipped = find(package) is None and not os.environ.get("CI")
    return pytest.mark.skipif(is_skipped, reason=f"{package} is not installed: apt-get install {package}")


def left_out() -> Iterator[str]:
    """Describe the tests that are left out on this machine."""
    for package, (_, tests) in OPTIONAL.items():
        if find(package) is None:
            yield f"{tests}: there is no {package} on the PATH (apt-get install {package})"
