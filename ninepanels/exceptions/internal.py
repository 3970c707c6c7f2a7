"""Exceptions that never reach a client of the API."""

from .base import NinePanelsBaseException


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
