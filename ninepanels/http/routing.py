"""The project's `APIRouter`: strict request bodies, endpoints in the route threads, responses serialized once."""

from abc import ABC
from abc import abstractmethod
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from functools import partial
from functools import wraps
from http import HTTPStatus
from inspect import isclass
from inspect import iscoroutinefunction
from typing import Any
from typing import get_type_hints

import fastapi
from fastapi import Request
from fastapi import Response
from fastapi.routing import APIRoute
from fastapi.utils import create_model_field
from pydantic import TypeAdapter

from .. import exceptions
from .. import pydmodels as pyd
from ..runtime import threads
from . import bodies
from . import caching
from . import documentation


class Enclosing(ABC):
    """A parameter of an endpoint that runs code before and after the endpoint, in the same thread."""

    @abstractmethod
    def enclose(self, respond: Callable[[], bytes]) -> bytes:
        """Return the response. `respond` calls the endpoint and serializes its result."""


class Route(APIRoute):
    """A route whose body is read by `bodies` and whose response is serialized from its declared return type.

    FastAPI would also validate the response and serialize it in another thread. Instead, mypy checks the types.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        options["response_model"] = None
        super().__init__(path, _respond(endpoint, options.get("status_code")), **options)

    def describe_response(self) -> None:
        """Set the type of the response, for the schema only: ResponseWrapperMiddleware adds the envelope.

        Not done for each route at startup, which would take 0.1 s and 3 MB.
        """
        return_type = get_type_hints(self.endpoint, include_extras=True)["return"]
        if return_type is not Response and self.response_field is None:
            envelope = pyd.envelope_of(return_type, documentation.of(self.endpoint).meta)
            self.response_field = create_model_field(f"Response_{self.unique_id}", envelope, mode="serialization")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, called with a request whose body is parsed strictly; with an ETag if declared."""
        handler = super().get_route_handler()
        if caching.is_declared(self.openapi_extra):
            return caching.add_headers(handler)
        if self.body_field is None:
            return handler
        return bodies.parse_strictly(handler, self.body_field.field_info, self.openapi_extra)


class APIRouter(fastapi.APIRouter):
    """The router of all resources. Its routes are always of the class `Route`."""

    def __init__(self, prefix: str = "", tags: list[str] | None = None) -> None:
        super().__init__(prefix=prefix, tags=list(tags or []), route_class=Route)


def _respond(endpoint: Callable[..., Any], status_code: int | None) -> Callable[..., Awaitable[Response]]:
    """Wrap an endpoint to return a response. The status is the declared one or that of an injected `Response`."""
    hints = get_type_hints(endpoint)
    return_type = hints["return"]
    enclosing = next((name for name, hint in hints.items() if isclass(hint) and issubclass(hint, Enclosing)), "")
    to_json = None if return_type is Response else TypeAdapter(return_type).dump_json
    is_coroutine = iscoroutinefunction(endpoint)

    def serialize(result: Any) -> Any:
        return to_json(result) if to_json else result

    def call(**values: Any) -> Any:
        try:
            return serialize(endpoint(**values))
        except exceptions.NotModified:
            return Response(status_code=HTTPStatus.NOT_MODIFIED)

    def call_enclosed(**values: Any) -> Any:
        return values[enclosing].enclose(partial(call, **values))

    @wraps(endpoint)
    async def respond(**values: Any) -> Response:
        if is_coroutine:
            async with threads.time_limit(threads.ROUTE_TIMEOUT_S):
                result = serialize(await endpoint(**values))
        else:
            result = await threads.route_threads.run(call_enclosed if enclosing else call, **values)
        if isinstance(result, Response):
            return result
        response = Response(result, status_code or 200, media_type="application/json")
        for injected in values.values():
            if isinstance(injected, Response):
                response.status_code = injected.status_code or response.status_code
                response.raw_headers.extend(header for header in injected.raw_headers if header[0] != b"content-length")
        return response

    return respond
