"""The normalized form of an e-mail address, by which accounts are stored, found and counted."""

import unicodedata

import email_validator


def normalize(text: str) -> str:
    """Return an address in lower case, with its domain and characters in normalized Unicode.

    Raises:
        email_validator.EmailNotValidError: the text, or its lower case, is not an e-mail address.
    """
    address = _to_lower(unicodedata.normalize("NFC", text))
    # The lower case of U+0130 is longer. The result must be valid, and normalizing it again must not change it.
    if _to_lower(address) != address:
        raise email_validator.EmailSyntaxError("The address changes each time it is normalized.")
    return address


def recognize(text: str) -> str:
    """Return the normalized address that a user typed at login, or "" if it is not an address."""
    try:
        return normalize(text.strip())
    except email_validator.EmailNotValidError:
        return ""


def _to_lower(text: str) -> str:
    lower = email_validator.validate_email(text, check_deliverability=False).normalized.lower()
    # Letters that are composed in lower case only, such as U+01F0, have to be composed again.
    return unicodedata.normalize("NFC", lower)
