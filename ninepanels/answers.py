"""How endpoints answer: what they return is written as JSON where it was made, once and by its declared type.

FastAPI would validate it again, in another trip to a thread. Types are checked before the program runs (mypy).
"""

from collections.abc import Awaitable
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any
from typing import get_type_hints

from fastapi import Response
from pydantic import TypeAdapter


def written(endpoint: Callable[..., Any]) -> Callable[..., Response] | Callable[..., Awaitable[Response]]:
    """Return an endpoint whose response holds what `endpoint` returns, as JSON."""
    to_json = TypeAdapter(get_type_hints(endpoint)["return"]).dump_json

    @wraps(endpoint)
    def answer(**values: Any) -> Response:
        return Response(to_json(endpoint(**values)), media_type="application/json")

    @wraps(endpoint)
    async def answer_later(**values: Any) -> Response:
        return Response(to_json(await endpoint(**values)), media_type="application/json")

    return answer_later if iscoroutinefunction(endpoint) else answer
