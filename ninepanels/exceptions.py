"""The exceptions of this project.

NinePanelsBaseException
├── NotAuthenticated            401  no valid login
│   └── InvalidResetToken
├── NotAllowed                  403  logged in, but not allowed
│   └── WrongPassword
├── NotFound                    404  does not exist, or belongs to another user
├── EmailTaken                  409
├── RateLimited                 429
├── BadRequest                  400  well-formed, but not possible now
│   ├── TooManyPanels
│   ├── PositionOutOfRange
│   ├── DayInTheFuture
│   ├── LastAdmin
│   └── NothingToUpdate
├── Unavailable                 503  temporary
│   ├── DatabaseUnavailable
│   ├── ThreadTimeout
│   ├── NotReady
│   └── WebhookUnavailable
├── MailNotSent                 retried later
├── MailUndeliverable           given up
├── WebhookRejected
├── OperationRefused            by mission control
├── PreflightFailed             a check of the release checklist
└── SettingsInvalid             the service does not start

`http.errors` turns these exceptions into responses.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from typing import ClassVar

RETRY_AFTER_S = 5


class NinePanelsBaseException(Exception):  # noqa: N818 - the name is the Bible's
    """Base class of all exceptions of this project.

    Args:
        detail: one sentence for the user; the class has a default.
        context_msg: a technical description, for logs only.
        context_data: values relevant to the error, for logs only. No personal data.
    """

    status_code: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Mapping[str, str] = MappingProxyType({})
    default_detail: ClassVar[str] = "Something went wrong on our side."

    def __init__(self, detail: str | None = None, context_msg: str = "", **context_data: Any) -> None:
        self.detail = detail or self.default_detail
        self.context_msg = context_msg
        self.context_data = context_data
        super().__init__(self.detail)


class NotAuthenticated(NinePanelsBaseException):
    """The request has no valid credentials."""

    status_code = HTTPStatus.UNAUTHORIZED
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})
    default_detail = "Please log in."


class InvalidResetToken(NotAuthenticated):
    """The password reset token is not valid for this e-mail. The response does not say why."""

    default_detail = "This link is not valid, or no longer valid. Please request a new one."


class NotAllowed(NinePanelsBaseException):
    """The user is not allowed to do this."""

    status_code = HTTPStatus.FORBIDDEN
    default_detail = "You are not allowed to do this."


class WrongPassword(NotAllowed):
    """A logged-in user gave a wrong current password."""

    default_detail = "The current password is wrong."


class NotFound(NinePanelsBaseException):
    """The resource does not exist or belongs to another user. The response does not say which."""

    status_code = HTTPStatus.NOT_FOUND
    default_detail = "This does not exist, or it is not yours."


class EmailTaken(NinePanelsBaseException):
    """Another account has this e-mail."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "An account with this e-mail already exists."


class RateLimited(NinePanelsBaseException):
    """The caller exceeded a rate limit."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS
    default_detail = "Too many attempts. Please wait before you try again."

    def __init__(self, retry_after_s: int, **context_data: Any) -> None:
        super().__init__(context_msg="rate limit exceeded", **context_data)
        self.headers = MappingProxyType({"Retry-After": str(retry_after_s)})


class BadRequest(NinePanelsBaseException):
    """The request is well-formed, but not possible in the current state."""

    status_code = HTTPStatus.BAD_REQUEST


class TooManyPanels(BadRequest):
    """The user has the maximum number of panels."""

    default_detail = "You already have nine panels. Delete one to make room for another."


class PositionOutOfRange(BadRequest):
    """The position is outside the list of the user's panels."""

    default_detail = "There is no such position among your panels."


class DayInTheFuture(BadRequest):
    """The day has not started in the user's time zone."""

    default_detail = "That day has not started yet in your time zone."


class LastAdmin(BadRequest):
    """The change would leave the installation without an admin."""

    default_detail = "The last admin cannot step down. Make another user an admin first."


class NothingToUpdate(BadRequest):
    """The update contains no field."""

    default_detail = "The request contains no field to update."


class Unavailable(NinePanelsBaseException):
    """Something that the request needs is temporarily unavailable."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    headers = MappingProxyType({"Retry-After": str(RETRY_AFTER_S)})
    default_detail = "The service is not available right now. Please try again in a moment."


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, is locked, or did not answer in time."""


class ThreadTimeout(Unavailable):
    """A call in a thread did not finish within its time limit."""


class NotReady(Unavailable):
    """The service runs, but cannot serve requests."""


class WebhookUnavailable(Unavailable):
    """The webhook did not accept a request; a retry may succeed. `context_msg` gives the reason, without the URL."""


class WebhookRejected(NinePanelsBaseException):
    """The webhook rejected a request; a retry would not help. `context_msg` gives the reason, without the URL."""


class MailNotSent(NinePanelsBaseException):
    """An e-mail could not be handed to the mail server. `context_msg` gives the reason, without an address."""


class MailUndeliverable(NinePanelsBaseException):
    """An e-mail is for an address that is not valid. `context_msg` gives the reason, without the address."""


class OperationRefused(NinePanelsBaseException):
    """Mission control refuses an operation in this environment. `detail` gives the reason."""


class PreflightFailed(NinePanelsBaseException):
    """A check of the release checklist failed. `detail` says what to do."""


class SettingsInvalid(NinePanelsBaseException):
    """A setting is missing or invalid. `detail` names the setting and says what is valid, in one line."""
