"""The names of routes in events and statistics: method and path template, so that their number is limited."""

from contextvars import ContextVar
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import Scope


class RouteName(NamedTuple):
    """A method and a path template, without the prefix /v5."""

    method: str
    path: str

    @property
    def method_path(self) -> str:
        """The name as one string, such as `GET_/panels/{panel_id}`."""
        return f"{self.method}_{self.path}"


# The name of all requests that match no route.
UNMATCHED = RouteName("ANY", "unmatched")

current_scope: ContextVar[Scope | None] = ContextVar("current_scope", default=None)
"""The scope of the current request, for log lines. The router adds the route to it."""


def of(scope: Scope) -> RouteName:
    """Return the name of the route that a request was matched to."""
    route = scope.get("route")
    methods = getattr(route, "methods", None) or ()
    return RouteName(scope["method"], getattr(route, "path", "")) if scope["method"] in methods else UNMATCHED


def current() -> str | None:
    """Return the `method_path` of the current request, None before it is matched to a route."""
    scope = current_scope.get()
    return of(scope).method_path if scope is not None and "route" in scope else None


def parse(method_path: str) -> RouteName:
    """Split a `method_path`."""
    method, _, path = method_path.partition("_")
    return RouteName(method, path)


def all_of(api: FastAPI) -> set[str]:
    """Return every possible `method_path` of an application."""
    names = {UNMATCHED}
    names |= {RouteName(method.upper(), path) for path, methods in api.openapi()["paths"].items() for method in methods}
    # The schema does not contain the documentation pages.
    pages = [route for route in api.routes if isinstance(route, APIRoute)]
    names |= {RouteName(method, page.path) for page in pages for method in page.methods or ()}
    return {name.method_path for name in names}
