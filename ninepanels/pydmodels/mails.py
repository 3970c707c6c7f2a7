"""Kinds of e-mail."""

from enum import StrEnum


class MailKind(StrEnum):
    """The kinds of e-mail the service sends. Each value is the name of the templates."""

    WELCOME = "welcome"
    PASSWORD_RESET = "password_reset"
    PASSWORD_CHANGED = "password_changed"
    EMAIL_CHANGED = "email_changed"
    ROUTE_ALERT_RAISED = "route_alert_raised"
    ROUTE_ALERT_CLEARED = "route_alert_cleared"
