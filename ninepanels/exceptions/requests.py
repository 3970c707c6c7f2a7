"""Requests that are refused: errors of the client."""

from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from .base import NinePanelsBaseException


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


class SecondFactorRequired(NotAuthenticated):
    """The password is right, but the account has a second factor, and the login contains no code.

    Ask the user for a code of the authenticator app, or for a recovery code, and log in again with both the password
    and `totp_code`.
    """

    code = "second_factor_required"
    title = "Code required"
    default_detail = "Please enter the code of your authenticator app, or a recovery code."


class WrongSecondFactor(NotAuthenticated):
    """The password is right, but the code of a login is wrong or was used. Each code works once.

    Ask the user for the next code of the authenticator app.
    """

    code = "wrong_second_factor"
    title = "Wrong code at a login"
    default_detail = "The code is wrong or was already used. Please wait for the next one."


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


class InvalidVerificationToken(NotAuthenticated):
    """The token of a link that verifies an e-mail is not valid. The response does not say why.

    Ask the user to enter the e-mail again, with `PATCH /users`: that sends a new link.
    """

    code = "invalid_verification_token"
    title = "Invalid verification link"
    default_detail = "This link is not valid, or no longer valid. Please enter your e-mail again to get a new one."


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


class PasswordRequired(NotAllowed):
    """The request must be confirmed by the current password, because the login is older than 10 minutes.

    Ask the user for the current password and send it with the request, or ask the user to log in again.
    """

    code = "password_required"
    title = "Password required"
    default_detail = "Confirm this with your current password, or log in again and repeat it within 10 minutes."


class EmailNotVerified(NotAllowed):
    """The account cannot have a second factor before its e-mail is verified: it may be that of another person.

    Ask the user to open the link in the mail. `PATCH /users` with the same e-mail sends another one.
    """

    code = "email_not_verified"
    title = "E-mail not verified"
    default_detail = "Please open the link in the mail that we sent you first, to verify your e-mail."


class WrongCode(NotAllowed):
    """The code, which confirms a change of the second factor, is wrong or was used. Each code works once.

    Ask the user for the next code of the authenticator app. The login is still valid.
    """

    code = "wrong_code"
    title = "Wrong code"
    default_detail = "The code is wrong or was already used. Please wait for the next one."


class AdminSecondFactorRequired(NotAllowed):
    """The service asks admins for a second factor, and this login was made without one, or it was switched off since.

    Ask the admin to switch the second factor on with `POST /auth/totp` and `POST /auth/totp/confirm`, if it is off, and
    to log in again with a code. Routes that are not for admins work with this login.
    """

    code = "admin_second_factor_required"
    title = "Admins need a second factor"
    default_detail = "Admins need a second factor. Switch it on in your account, then log in again with a code."


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


class IdempotencyKeyInUse(NinePanelsBaseException):
    """A request with the same `Idempotency-Key` is still being processed.

    Repeat the request after as many seconds as the header `Retry-After` says: it then gets the response of the first.
    """

    code = "idempotency_key_in_use"
    title = "Request in progress"
    status_code = HTTPStatus.CONFLICT
    headers = MappingProxyType({"Retry-After": "1"})
    default_detail = "This request is still being processed. Please try again in a moment."


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


class TooManyStreams(NinePanelsBaseException):
    """The user has as many open streams of changes as permitted.

    Close a stream that is no longer needed. Until one ends, poll `GET /changes`.
    """

    code = "too_many_streams"
    title = "Too many streams"
    status_code = HTTPStatus.TOO_MANY_REQUESTS
    headers = MappingProxyType({"Retry-After": "30"})
    default_detail = "You have too many open streams of changes."


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
    default_detail = "The last admin can neither step down nor be deleted. Make another user an admin first."


class SecondFactorOn(BadRequest):
    """The account has a second factor already.

    To use another authenticator app, switch the second factor off first, with `DELETE /auth/totp`.
    """

    code = "second_factor_on"
    title = "Second factor on"
    default_detail = "Your account has a second factor already. Switch it off first."


class NothingToUpdate(BadRequest):
    """The update contains no field.

    Send at least one field. If nothing changed, send no request.
    """

    code = "nothing_to_update"
    title = "Nothing to update"
    default_detail = "The request contains no field to update."


class NotModified(Exception):  # noqa: N818 - not an error
    """The client has the response. Ends an endpoint early; `http.routing` turns it into a 304."""
