"""The program that sent a request, in words, such as "Firefox on Android".

A client can send any text in this header. The words come from the tables below or are the name of a product, of
letters, digits, `-` and `_`. Browsers that pretend to be others are not told apart: Brave is "Chrome", and an iPad that
asks for the desktop site is "Safari on macOS".
"""

import re

from fastapi.requests import HTTPConnection

MAX_HEADER_LENGTH = 512

# The first match counts: a browser also names those that it is compatible with.
_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"(OPR|OPT|OPiOS)/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Vivaldi", r"Vivaldi/"),
    ("Firefox", r"(Firefox|FxiOS)/"),
    ("Chrome", r"(Chrome|CriOS)/"),
    ("Safari", r"Safari/"),
    ("Browser", r"^Mozilla/"),
)
_SYSTEMS = (
    ("Android", r"Android"),
    ("iPhone", r"\(iPhone"),
    ("iPad", r"\(iPad"),
    ("ChromeOS", r"CrOS"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh"),
    ("Linux", r"Linux"),
)
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}(?=/|$)")


def describe(request: HTTPConnection) -> str | None:
    """Return the user agent of a request in words, or None if it is not known."""
    header = request.headers.get("user-agent", "")[:MAX_HEADER_LENGTH]
    browser = _first_match(_BROWSERS, header)
    if browser is None:
        product = _PRODUCT.match(header)
        return product.group() if product else None
    system = _first_match(_SYSTEMS, header)
    return f"{browser} on {system}" if system else browser


def _first_match(patterns: tuple[tuple[str, str], ...], header: str) -> str | None:
    return next((name for name, pattern in patterns if re.search(pattern, header)), None)
