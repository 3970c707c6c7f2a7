"""What a route is called in events and statistics: by its template, so that ids cannot flood a table."""

from typing import NamedTuple

from starlette.types import Scope


class RouteName(NamedTuple):
    """A method and the template of a path, without the /v5."""

    method: str
    path: str

    @property
    def method_path(self) -> str:
        """Both in one, such as `GET_/panels/{panel_id}`."""
        return f"{self.method}_{self.path}"


# Paths that lead nowhere are counted as one, whatever method they were tried with.
UNMATCHED = RouteName("ANY", "unmatched")


def of(scope: Scope) -> RouteName:
    """Return the name of the route that took a request, after it was served."""
    route = scope.get("route")
    methods = getattr(route, "methods", None) or ()
    return RouteName(scope["method"], getattr(route, "path", "")) if scope["method"] in methods else UNMATCHED
