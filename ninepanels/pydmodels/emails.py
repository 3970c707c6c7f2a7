"""The normalized form of an e-mail address, by which accounts are stored, found and counted."""

import email_validator


def normalize(text: str) -> str:
    """Return an address in lower case, with its domain and characters in normalized Unicode.

    Raises:
        email_validator.EmailNotValidError: the text is not an e-mail address, or it is none in lower case.
    """
    lower = _lower(text)
    # Lower case can be longer (U+0130) or no longer normalized. The result has to be an address that stays the same.
    if _lower(lower) != lower:
        raise email_validator.EmailSyntaxError("The address changes each time it is normalized.")
    return lower


def recognize(text: str) -> str:
    """Return the normalized address that a user typed at login, or "" if it is not an address."""
    try:
        return normalize(text.strip())
    except email_validator.EmailNotValidError:
        return ""


def _lower(text: str) -> str:
    return email_validator.validate_email(text, check_deliverability=False).normalized.lower()
