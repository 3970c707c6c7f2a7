"""Programs that some tests need. Outside CI they are optional, and the end of the output names what is left out."""

import shutil
from collections.abc import Iterator

OPTIONAL = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "the tests in a browser (tests/browser)"),
    "redis-server": (("redis-server",), "the tests of shared rate limits (tests/accounts/shared_limits)"),
    "npm": (("npm",), "the tests of the schema's linters and of clients and the app in JavaScript"),
    "nginx": (("nginx",), "the tests of a service under a path"),
}
"""By Debian package: the names of the program, and the tests that need it."""


def left_out() -> Iterator[str]:
    """Describe the tests that are left out on this machine."""
    for package, (names, tests) in OPTIONAL.items():
        if not any(map(shutil.which, names)):
            yield f"{tests}: there is no {package} on the PATH (apt-get install {package})"
