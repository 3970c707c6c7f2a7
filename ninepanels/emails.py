"""The one spelling of an e-mail address by which an account is kept, found and counted."""

import email_validator


def normalize(text: str) -> str:
    """Return an address in lower case, its domain and its letters in the one form that Unicode and the DNS agree on.

    Raises:
        email_validator.EmailNotValidError: it is no address.
    """
    return email_validator.validate_email(text, check_deliverability=False).normalized.lower()


def recognize(text: str) -> str:
    """Return the address that somebody means who logs in, or "", which is nobody's, for what is none."""
    try:
        return normalize(text.strip())
    except email_validator.EmailNotValidError:
        return ""
