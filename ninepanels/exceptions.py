"""The exceptions of this project.

NinePanelsBaseException
├── NotAuthenticated            401  no valid login
│   ├── WrongLogin
│   ├── LoginExpired
│   └── InvalidResetToken
├── NotAllowed                  403  logged in, but not allowed
│   └── WrongPassword
├── NotFound                    404  does not exist, or belongs to another user
├── EmailTaken                  409
├── ChangesGone                 410  rows were deleted since
├── RateLimited                 429
├── BadRequest                  400  well-formed, but not possible now
│   ├── TooManyPanels
│   ├── PositionOutOfRange
│   ├── DayInTheFuture
│   ├── InvalidSpan
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

    A class that reaches clients has a `code`, which is part of the API and never changes, and a `title`. The first
    paragraph of its docstring explains the error to clients and the second says what to do: `http.problems` publishes
    them. A class without a `code` has the one of its base class.

    Args:
        detail: one sentence for the user; the class has a default.
        context_msg: a technical description, for logs only.
        context_data: values relevant to the error, for logs only. No personal data.
    """

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    status_code: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Mapping[str, str] = MappingProxyType({})
    default_detail: ClassVar[str] = "Something went wrong on our side."

    def __init__(self, detail: str | None = None, context_msg: str = "", **context_data: Any) -> None:
        self.detail = detail or self.default_detail
        self.context_msg = context_msg
        self.context_data = context_data
        super().__init__(self.detail)


class NotAuthenticated(NinePanelsBaseException):
    """The request has no valid access token: it has none, or one that is malformed or revoked.

    Ask the user to log in, then send the new token as `Authorization: Bearer <token>`.
    """

    code = "not_authenticated"
    title = "Not logged in"
    status_code = HTTPStatus.UNAUTHORIZED
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})
    default_detail = "Please log in."


class WrongLogin(NotAuthenticated):
    """The e-mail or the password is wrong. The response does not say which.

    Ask the user to correct them or to request a password reset.
    """

    code = "wrong_login"
    title = "Wrong e-mail or password"
    default_detail = "Wrong e-mail or password."


class LoginExpired(NotAuthenticated):
    """The access token has expired.

    Ask the user to log in again.
    """

    code = "login_expired"
    title = "Login expired"
    default_detail = "Your login has expired. Please log in again."


class InvalidResetToken(NotAuthenticated):
    """The password reset token is not valid for this e-mail. The response does not say why.

    Ask the user to request a new link with `POST /auth/request_password_reset`.
    """

    code = "invalid_reset_token"
    title = "Invalid reset link"
    default_detail = "This link is not valid, or no longer valid. Please request a new one."


class NotAllowed(NinePanelsBaseException):
    """The caller is not allowed to do this: the route is for admins, or for callers on the same machine.

    Do not retry. Hide the function from this user, or ask an admin.
    """

    code = "not_allowed"
    title = "Not allowed"
    status_code = HTTPStatus.FORBIDDEN
    default_detail = "You are not allowed to do this."


class WrongPassword(NotAllowed):
    """The current password, which confirms a change of the account, is wrong.

    Ask the user for the current password again. The login is still valid.
    """

    code = "wrong_password"
    title = "Wrong password"
    default_detail = "The current password is wrong."


class NotFound(NinePanelsBaseException):
    """The resource does not exist or belongs to another user. The response does not say which.

    Remove the resource from the display and load the list again: it may have been deleted on another device.
    """

    code = "not_found"
    title = "Not found"
    status_code = HTTPStatus.NOT_FOUND
    default_detail = "This does not exist, or it is not yours."


class EmailTaken(NinePanelsBaseException):
    """Another account has this e-mail. Upper and lower case are not distinguished.

    Ask the user to log in, or for another e-mail.
    """

    code = "email_taken"
    title = "E-mail taken"
    status_code = HTTPStatus.CONFLICT
    default_detail = "An account with this e-mail already exists."


class ChangesGone(NinePanelsBaseException):
    """The changes since that revision are not complete: a panel or a history was deleted after it.

    Discard what you have loaded, and read the changes again without `since`.
    """

    code = "changes_gone"
    title = "Changes gone"
    status_code = HTTPStatus.GONE
    default_detail = "Something was deleted since that revision. Please load everything again."


class RateLimited(NinePanelsBaseException):
    """The caller exceeded a rate limit.

    Wait for as many seconds as the header `Retry-After` says, then retry.
    """

    code = "rate_limited"
    title = "Too many attempts"
    status_code = HTTPStatus.TOO_MANY_REQUESTS
    default_detail = "Too many attempts. Please wait before you try again."

    def __init__(self, retry_after_s: int, **context_data: Any) -> None:
        super().__init__(context_msg="rate limit exceeded", **context_data)
        self.headers = MappingProxyType({"Retry-After": str(retry_after_s)})


class BadRequest(NinePanelsBaseException):
    """The request is well-formed, but not possible in the current state.

    Show `detail` to the user. Do not retry the same request.
    """

    code = "bad_request"
    title = "Bad request"
    status_code = HTTPStatus.BAD_REQUEST


class TooManyPanels(BadRequest):
    """The user has the maximum number of panels, which is nine.

    Ask the user to delete a panel first.
    """

    code = "too_many_panels"
    title = "Too many panels"
    default_detail = "You already have nine panels. Delete one to make room for another."


class PositionOutOfRange(BadRequest):
    """The position is outside the list of the user's panels.

    Load the panels again: valid positions are 0 to the number of panels minus one.
    """

    code = "position_out_of_range"
    title = "Position out of range"
    default_detail = "There is no such position among your panels."


class DayInTheFuture(BadRequest):
    """The day has not started in the user's time zone.

    Leave out `day` to record today, or use the day in the `meta` of `GET /panels`.
    """

    code = "day_in_the_future"
    title = "Day in the future"
    default_detail = "That day has not started yet in your time zone."


class InvalidSpan(BadRequest):
    """The first day of a span of days is after its last day.

    Swap the two days.
    """

    code = "invalid_span"
    title = "Invalid span"
    default_detail = "The span of days ends before it begins."


class LastAdmin(BadRequest):
    """The change would leave the installation without an admin.

    Make another user an admin first.
    """

    code = "last_admin"
    title = "Last admin"
    default_detail = "The last admin cannot step down. Make another user an admin first."


class NothingToUpdate(BadRequest):
    """The update contains no field.

    Send at least one field. If nothing changed, send no request.
    """

    code = "nothing_to_update"
    title = "Nothing to update"
    default_detail = "The request contains no field to update."


class Unavailable(NinePanelsBaseException):
    """Something that the request needs is temporarily unavailable.

    Retry after as many seconds as the header `Retry-After` says.
    """

    code = "unavailable"
    title = "Temporarily unavailable"
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    headers = MappingProxyType({"Retry-After": str(RETRY_AFTER_S)})
    default_detail = "The service is not available right now. Please try again in a moment."


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, is locked, or did not answer in time.

    Retry after as many seconds as the header `Retry-After` says. If the connection was lost during the commit, the
    change was made, so load the current state before you create something a second time.
    """

    code = "database_unavailable"
    title = "Database unavailable"


class ThreadTimeout(Unavailable):
    """The request was not processed within its time limit. A change may or may not have been made.

    Retry after as many seconds as the header `Retry-After` says. Load the current state before you create something a
    second time.
    """

    code = "processing_timeout"
    title = "Processing timeout"


class NotReady(Unavailable):
    """The service runs, but cannot serve requests: it is starting, or a part of it has stopped.

    Retry after as many seconds as the header `Retry-After` says. An operator finds the cause in the log.
    """

    code = "not_ready"
    title = "Not ready"


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
