"""What a route is called in events and statistics: by its template, so that ids cannot flood a table."""

from contextvars import ContextVar
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute
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

serving: ContextVar[Scope | None] = ContextVar("serving", default=None)
"""The request being served, for log lines; which route takes it is known only later."""


def of(scope: Scope) -> RouteName:
    """Return the name of the route that took a request, after it was served."""
    route = scope.get("route")
    methods = getattr(route, "methods", None) or ()
    return RouteName(scope["method"], getattr(route, "path", "")) if scope["method"] in methods else UNMATCHED


def current() -> str | None:
    """Return the `method_path` of the request being served, None while no route has taken one."""
    scope = serving.get()
    return of(scope).method_path if scope is not None and "route" in scope else None


def parse(method_path: str) -> RouteName:
    """Return the parts of a `method_path`."""
    method, _, path = method_path.partition("_")
    return RouteName(method, path)


def all_of(api: FastAPI) -> set[str]:
    """Return every `method_path` that can come up in an application."""
    names = {UNMATCHED}
    names |= {RouteName(method.upper(), path) for path, methods in api.openapi()["paths"].items() for method in methods}
    # The pages of the documentation, which does not speak of itself.
    pages = [route for route in api.routes if isinstance(route, APIRoute)]
    names |= {RouteName(method, page.path) for page in pages for method in page.methods or ()}
    return {name.method_path for name in names}
