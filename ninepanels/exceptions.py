"""Everything that can go wrong on purpose.

NinePanelsBaseException
├── NotAuthenticated            401  who are you
│   └── InvalidResetToken
├── NotAllowed                  403  known, but not allowed
│   └── WrongPassword
├── NotFound                    404  missing, or somebody else's: never told apart
├── EmailTaken                  409
├── TooManyTries                429
├── RequestMakesNoSense         400  well-formed, but not now
│   ├── TooManyPanels
│   ├── PositionOutOfRange
│   ├── DayInTheFuture
│   ├── LastAdmin
│   └── NothingToUpdate
├── Unavailable                 503  worth another try
│   ├── DatabaseUnavailable
│   ├── NotReady
│   └── WebhookAway
├── MailNotSent                 tried again later
├── WebhookRefused
├── Refused                     mission control does not do that here
├── NotFitForRelease            an item of the checklist
└── SettingsInvalid             the service does not start

`http_errors.py` is the one place that turns these into responses.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from typing import ClassVar

RETRY_AFTER_SECONDS = 5


class NinePanelsBaseException(Exception):  # noqa: N818 - the Bible names it
    """Base of all exceptions of this code.

    Args:
        detail: one friendly sentence for the user; the class has a default.
        context_msg: the technical side of it, for logs only.
        context_data: values relevant to the error, for logs only.
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
    """The caller did not say who they are, or not convincingly."""

    status_code = HTTPStatus.UNAUTHORIZED
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})
    default_detail = "Please log in."


class InvalidResetToken(NotAuthenticated):
    """The e-mail and the token of a password reset do not belong together, now; never told why."""

    default_detail = "This link does not work, or no longer. Please ask for a new one."


class NotAllowed(NinePanelsBaseException):
    """The caller is known, and may not do this."""

    status_code = HTTPStatus.FORBIDDEN
    default_detail = "You may not do this."


class WrongPassword(NotAllowed):
    """Somebody who is logged in was asked for their password again, and it was not theirs."""

    default_detail = "The current password is not right."


class NotFound(NinePanelsBaseException):
    """There is no such thing among the caller's own."""

    status_code = HTTPStatus.NOT_FOUND
    default_detail = "There is nothing of yours here."


class EmailTaken(NinePanelsBaseException):
    """Another account has this e-mail, in whatever case it was typed."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "An account with this e-mail exists already."


class TooManyTries(NinePanelsBaseException):
    """Somebody tries too often what nobody has to do often."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS
    default_detail = "Too many tries. Please wait a while before the next one."

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.headers = MappingProxyType({"Retry-After": str(retry_after_s)})


class RequestMakesNoSense(NinePanelsBaseException):
    """The request is well-formed, but cannot be carried out as things stand."""

    status_code = HTTPStatus.BAD_REQUEST


class TooManyPanels(RequestMakesNoSense):
    """The user has as many panels as there can be."""

    default_detail = "You have nine panels already. Delete one to make room for another."


class PositionOutOfRange(RequestMakesNoSense):
    """No panel can stand at this position."""

    default_detail = "There is no such position among your panels."


class DayInTheFuture(RequestMakesNoSense):
    """The day has not begun where the user is."""

    default_detail = "That day has not begun yet where you are."


class LastAdmin(RequestMakesNoSense):
    """Nobody would be left to make another admin."""

    default_detail = "The last admin cannot step down. Make somebody else an admin first."


class NothingToUpdate(RequestMakesNoSense):
    """The update names no field."""

    default_detail = "There is no field to update in this request."


class Unavailable(NinePanelsBaseException):
    """Something this needs is away for now: worth another try."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    headers = MappingProxyType({"Retry-After": str(RETRY_AFTER_SECONDS)})
    default_detail = "The service is not available right now. Please try again in a moment."


class DatabaseUnavailable(Unavailable):
    """The database could not be reached, or had no time for us."""


class NotReady(Unavailable):
    """The service runs, but should not be sent requests."""


class WebhookAway(Unavailable):
    """Nobody took what was posted, for now; `context_msg` says why, and not to where."""


class WebhookRefused(NinePanelsBaseException):
    """Whoever is posted to does not want it; `context_msg` says why, and not to where."""


class MailNotSent(NinePanelsBaseException):
    """An e-mail could not be handed over; `context_msg` says why, and names nobody."""


class Refused(NinePanelsBaseException):
    """Mission control does not do that, or not here; the detail says why."""


class NotFitForRelease(NinePanelsBaseException):
    """An item of the release checklist is not as it should be; the detail says what to do."""


class SettingsInvalid(NinePanelsBaseException):
    """A setting is missing or wrong; `detail` is one line that names it and says what would be right."""
