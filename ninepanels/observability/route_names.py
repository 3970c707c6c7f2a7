"""The names of routes in events and statistics: method and path template, so that their number is limited."""

from collections.abc import Iterator
from collections.abc import Sequence
from contextvars import ContextVar
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import BaseRoute
from starlette.routing import Mount
from starlette.routing import Route
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
# The name of all CORS preflights. They are answered before the router, for any path.
PREFLIGHT = RouteName("OPTIONS", "preflight")

current_scope: ContextVar[Scope | None] = ContextVar("current_scope", default=None)
"""The scope of the current request, for log lines. The router adds the route to it."""


def of(scope: Scope) -> RouteName:
    """Return the name of the route that a request was matched to."""
    route = scope.get("route")
    if route is None:
        return _of_another(scope)
    return RouteName(scope["method"], route.path) if scope["method"] in route.methods else UNMATCHED


def _of_another(scope: Scope) -> RouteName:
    """Return the name of a request without a route of FastAPI: for a page of the documentation, or a preflight."""
    endpoint = scope.get("endpoint")
    if endpoint is not None:
        path = next((path for page, path in _pages(scope["app"].routes) if page is endpoint), None)
        return RouteName("GET", path) if path is not None and scope["method"] == "GET" else UNMATCHED
    is_preflight = scope["method"] == "OPTIONS" and "router" not in scope
    return PREFLIGHT if is_preflight and Headers(scope=scope).get("access-control-request-method") else UNMATCHED


def _pages(routes: Sequence[BaseRoute]) -> Iterator[tuple[object, str]]:
    """Yield the endpoint and the path of each route that is not FastAPI's: the schema and the static files."""
    for route in routes:
        if isinstance(route, Mount):
            yield route.app, route.path
        elif isinstance(route, Route) and not isinstance(route, APIRoute):
            yield route.endpoint, route.path


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
    names = {UNMATCHED, PREFLIGHT}
    names |= {RouteName(method.upper(), path) for path, methods in api.openapi()["paths"].items() for method in methods}
    # The schema does not contain the documentation pages.
    pages = [route for route in api.routes if isinstance(route, APIRoute)]
    names |= {RouteName(method, page.path) for page in pages for method in page.methods or ()}
    names |= {RouteName("GET", path) for _, path in _pages(api.routes)}
    return {name.method_path for name in names}
