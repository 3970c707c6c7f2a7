"""How endpoints answer: what they return is written as JSON where it was made, once and by its declared type.

FastAPI would validate it again, in another trip to a thread. Types are checked before the program runs (mypy).
An endpoint that is no coroutine runs in one of the routes' threads.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any
from typing import get_type_hints

from fastapi import Response
from pydantic import TypeAdapter

from .threads import route_threads


def written(endpoint: Callable[..., Any]) -> Callable[..., Awaitable[Response]]:
    """Return an endpoint whose response holds what `endpoint` returns, as JSON."""
    to_json = TypeAdapter(get_type_hints(endpoint)["return"]).dump_json

    is_coroutine = iscoroutinefunction(endpoint)

    def write(**values: Any) -> bytes:
        return to_json(endpoint(**values))

    @wraps(endpoint)
    async def answer(**values: Any) -> Response:
        body = to_json(await endpoint(**values)) if is_coroutine else await route_threads.run(write, **values)
        return Response(body, media_type="application/json")

    return answer
