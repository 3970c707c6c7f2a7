"""What a route declares for the schema in addition to its signature: its errors, the type of `meta`, an example."""

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from typing import TypeVar

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from .. import exceptions
from . import problems
from .problems import ProblemType

ErrorClass = type[exceptions.NinePanelsBaseException]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

DATABASE_ERRORS: tuple[ErrorClass, ...] = (exceptions.DatabaseUnavailable, exceptions.ThreadTimeout)
"""The errors of every route that uses the database. `CurrentUser` and `CurrentAdmin` declare them."""

_ATTRIBUTE = "documentation"


@dataclass(frozen=True)
class Example:
    """A request and the response to it. A test sends each to the service."""

    data: Any = None
    body: dict[str, Any] | list[dict[str, Any]] | None = None
    meta: dict[str, Any] | None = None


@dataclass(frozen=True)
class Documentation:
    """What `documented` declares."""

    raises: tuple[ErrorClass, ...] = ()
    meta: Any = None
    example: Example = Example()


def documented(
    *, raises: tuple[ErrorClass, ...] = (), meta: Any = None, example: Example = Example()
) -> Callable[[Endpoint], Endpoint]:
    """Return a decorator that documents an endpoint. It goes below the decorator of the router.

    Args:
        raises: the errors of the endpoint. Those of its dependencies and of its body are declared at their classes.
        meta: the type of `request.state.meta`, if the endpoint sets it.
        example: a request and its response.
    """

    def document(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__[_ATTRIBUTE] = Documentation(raises, meta, example)
        return endpoint

    return document


def of(endpoint: Callable[..., Any]) -> Documentation:
    """Return the documentation of an endpoint, or of a function that wraps it."""
    documentation: Documentation = vars(endpoint).get(_ATTRIBUTE, Documentation())
    return documentation


def errors_of(route: APIRoute) -> list[ProblemType]:
    """Return the errors of a route: those of its endpoint, its dependencies, its parameters and its body."""
    dependant = route.dependant
    raised = [*of(route.endpoint).raises, *_raised_by_dependencies(dependant)]
    found = {problems.PROBLEM_TYPES[each.code] for each in raised}
    if route.body_field is not None:
        raised_by_body = getattr(route.body_field.field_info.annotation, "raises", ())
        found |= {problems.PROBLEM_TYPES[each.code] for each in raised_by_body}
        found.add(problems.BODY_TOO_LARGE)
    if route.body_field is not None or dependant.path_params or dependant.query_params or dependant.header_params:
        found.add(problems.INVALID_REQUEST)
    if not any(error.status < HTTPStatus.INTERNAL_SERVER_ERROR for error in found):
        # Any request can get this error, and linters require that each operation documents a 4xx.
        found.add(problems.HEADERS_TOO_LARGE)
    return sorted(found, key=lambda each: (each.status, each.code))


def _raised_by_dependencies(dependant: Dependant) -> Iterator[ErrorClass]:
    for dependency in dependant.dependencies:
        yield from getattr(dependency.call, "raises", ())
        yield from _raised_by_dependencies(dependency)
