"""Sessions: where a user is logged in."""

from typing import Annotated

from pydantic import Field
from pydantic import StringConstraints

from .envelopes import ResponseBody
from .fields import Instant

MAX_USER_AGENT_LENGTH = 64

SessionId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=36, pattern="^[!-~]+$"),
    Field(examples=["5d0e6f5b-8f0c-4d3e-9c55-0a3f1c9b7f42"]),
]
"""The id of an access token. A UUID, unless another program signed the token."""


class LoginSession(ResponseBody):
    """A session: a login that is still valid."""

    id: SessionId
    """The id of the session. It is no secret: requests need the access token."""
    created_at: Instant
    """When the user logged in."""
    last_used_at: Instant
    """When the last request was sent, to within two hours; for the current session, now."""
    user_agent: Annotated[str | None, Field(max_length=MAX_USER_AGENT_LENGTH, examples=["Firefox on Android"])]
    """The browser and system, or the program, that logged in; null if it is not known."""
    is_current: bool
    """Whether this request belongs to the session."""
