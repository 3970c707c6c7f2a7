"""`Creation`, the FastAPI dependency of a route that creates something: its transaction, and its idempotency key."""

import hashlib
from collections.abc import Callable
from typing import Annotated
from typing import NamedTuple

from fastapi import Depends
from fastapi import Header
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..crud.idempotency import Stored
from ..crud.users import UserRow
from ..database import UnitOfWork
from ..http.response_headers import IDEMPOTENCY_KEY
from ..http.response_headers import REPLAYED
from ..http.routing import Enclosing
from ..observability import route_names
from .current_user import AuthenticatedWriter
from .current_user import CurrentWriter


class _KeyedRequest(NamedTuple):
    """The hash of an idempotency key, and the hash of its request: of the address and the body."""

    key_hash: str
    request_hash: str


class _Creation(Enclosing):
    """The transaction of a route and its user. The endpoint is called in it, and its response is serialized in it.

    If the request has an idempotency key, the response is stored in the same transaction. A repeated request gets the
    stored response, and the endpoint is not called. Errors are not stored: they have changed nothing. Neither are the
    `meta`, status and headers that an endpoint sets itself.
    """

    work: UnitOfWork
    user: UserRow

    def __init__(self, writer: AuthenticatedWriter, request: _KeyedRequest | None) -> None:
        self._writer = writer
        self._request = request

    def enclose(self, respond: Callable[[], bytes]) -> bytes:
        """Return the response of the endpoint, or the stored one."""
        with self._writer.transaction() as (self.work, self.user):
            if self._request is None:
                return respond()
            key_hash, request_hash = self._request
            stored = crud.idempotency.claim(self.work, self.user.id, key_hash)
            if stored is None:
                stored = Stored(request_hash, respond())
                crud.idempotency.store(self.work, self.user.id, key_hash, stored)
            elif stored.request_hash != request_hash:
                raise _invalid("idempotency_key_reused", "This key belongs to another request of the last 24 hours")
            else:
                self._writer.request.scope["state"].setdefault("response_headers", {}).update([REPLAYED])
            return stored.response


class _CreationOfRequest:
    """Documents the header and its errors in the schema, and returns the creation of a request."""

    raises = (exceptions.IdempotencyKeyInUse, exceptions.RateLimited)

    async def __call__(
        self,
        request: Request,
        writer: CurrentWriter,
        key: Annotated[
            pyd.IdempotencyKey | None,
            Header(
                alias=IDEMPOTENCY_KEY,
                description=(
                    "Makes the request safe to repeat: a new random text for each new request. Within 24 hours, the "
                    "same request with the same key gets the same response, and nothing is created again."
                ),
            ),
        ] = None,
    ) -> _Creation:
        return _Creation(writer, None if key is None else await _keyed(request, key))


async def _keyed(request: Request, key: str) -> _KeyedRequest:
    if len(request.headers.getlist(IDEMPOTENCY_KEY)) > 1:
        raise _invalid("repeated_header", "The header is given twice")
    scope = request.scope
    address = route_names.of(scope).method_path, scope["path_params"], scope["query_string"].decode("latin-1")
    return _KeyedRequest(_sha256(key.encode()), _sha256(to_json(address) + await request.body()))


def _invalid(kind: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("header", IDEMPOTENCY_KEY), "msg": message}])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


Creation = Annotated[_Creation, Depends(_CreationOfRequest())]
