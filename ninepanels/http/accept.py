"""The headers `Accept` and `Accept-Encoding` (RFC 9110, sections 12.5.1 and 12.5.3)."""

import re

PROBLEM_JSON = "application/problem+json"
HTML = "text/html"

# Most specific first.
_RANGES_OF_JSON = ("application/json", "application/*", "*/*")

# Matches from every quote, closed or not, so that it takes linear time.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.?)*+"?', re.DOTALL)
_QUALITY = re.compile(r";\s*q=([^;]*)")
_VALID_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def prefers_problem(accept: str) -> bool:
    """Return whether a client prefers `application/problem+json` to `application/json`.

    The client must name it, because clients that do not support problems send wildcards. If both have the same quality,
    the problem is preferred.
    """
    qualities = _qualities(accept)
    problem = qualities.get(PROBLEM_JSON, 0.0)
    return problem > 0 and problem >= _quality_of_json(qualities)


def prefers_html(accept: str) -> bool:
    """Return whether a client prefers `text/html` to `application/json`, as browsers do that open an address."""
    qualities = _qualities(accept)
    return qualities.get(HTML, 0.0) > _quality_of_json(qualities)


def takes_gzip(accept_encoding: str) -> bool:
    """Return whether a client accepts a body compressed with gzip."""
    qualities = _qualities(accept_encoding)
    return next((qualities[each] for each in ("gzip", "*") if each in qualities), 0.0) > 0


def _quality_of_json(qualities: dict[str, float]) -> float:
    return next((qualities[each] for each in _RANGES_OF_JSON if each in qualities), 0.0)


def _qualities(accept: str) -> dict[str, float]:
    """Return the quality of each item. Parameters are ignored, and items with an invalid quality left out."""
    qualities = {}
    # Quoted values can contain commas and semicolons, and only quality matters here.
    for element in _QUOTED.sub("", accept).lower().split(","):
        found = _QUALITY.search(element)
        quality = found[1].strip() if found else "1"
        if _VALID_QUALITY.fullmatch(quality):
            qualities[element.partition(";")[0].strip()] = float(quality)
    return qualities
