"""User agents in words."""

import re

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from ninepanels import pydmodels as pyd
from ninepanels.http import user_agents

from ..support.values import for_each

MOBILE_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
MOBILE_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"


def describe(header: str | None) -> str | None:
    headers = [] if header is None else [(b"user-agent", header.encode("latin-1", "replace"))]
    return user_agents.describe(Request({"type": "http", "headers": headers}))


@for_each(
    ("header", "words"),
    [
        ("Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", "Firefox on Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Windows"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {MOBILE_SAFARI}", "Safari on iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) FxiOS/133.0 Mobile/15E148 Safari/604.1", "Firefox on iPad"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148", "Browser on iPhone"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME}", "Chrome on macOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15", "Safari on macOS"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME}", "Chrome on Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME}", "Chrome on ChromeOS"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Edg/131.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} OPR/116.0.0.0", "Opera on Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {MOBILE_CHROME}", "Chrome on Android"),
        (f"Mozilla/5.0 (Linux; Android 10; K) SamsungBrowser/27.0 {MOBILE_CHROME}", "Samsung Internet on Android"),
        ("Mozilla/5.0", "Browser"),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("NinePanels/5.2 CFNetwork/1568.200.51 Darwin/24.1.0", "NinePanels"),
        ("testclient", "testclient"),
        ("visit https://evil.example", None),
        ("<script>alert(1)</script>/1", None),
        ("x" * 33 + "/1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_user_agent_is_described_in_words(header: str | None, words: str | None) -> None:
    assert describe(header) == words


@given(st.text() | st.from_regex(r"\A[A-Za-z0-9._/ -]{0,80}\Z"))
def test_any_header_is_described_by_harmless_text(header: str) -> None:
    words = describe(header)
    assert words is None or re.fullmatch(rf"[A-Za-z0-9_ -]{{1,{pyd.MAX_USER_AGENT_LENGTH}}}", words)
