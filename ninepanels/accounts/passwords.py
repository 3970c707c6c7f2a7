"""Password hashing and verification."""

import asyncio
import unicodedata
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from passlib.context import CryptContext

from .rate_limits import PasswordAttempts
from .rate_limits import rate_limiter

HASHING_THREADS = 2

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB of memory, two iterations, one degree of parallelism.
context = CryptContext(
    schemes=["argon2", "bcrypt"],
    deprecated=["bcrypt"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)

UNKNOWN_USER_HASH = context.hash(str(uuid.uuid4()))
"""Verified when no account has the e-mail, so that the response takes as long as for a wrong password."""

# A hash occupies a core for 20 ms or more. In the route threads, a few logins would delay all other requests.
_executor = ThreadPoolExecutor(max_workers=HASHING_THREADS, thread_name_prefix="hashing_")


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_executor, context.hash, _to_nfc(password))


async def verify_password(password: str, hashed: str, attempts: PasswordAttempts) -> tuple[bool, str | None]:
    """Return whether a password matches a hash, and a new hash if the stored one has to be replaced.

    A hash is replaced if its parameters are outdated, or if it was made before passwords were normalized to NFC.

    The password counts against the limits of `attempts`, whether it is right or wrong.

    Raises:
        RateLimited: a limit is exhausted; the password was not verified.
    """
    return await asyncio.get_running_loop().run_in_executor(_executor, _verify, password, hashed, attempts)


def _verify(password: str, hashed: str, attempts: PasswordAttempts) -> tuple[bool, str | None]:
    # The limits are checked in the hashing threads: at most HASHING_THREADS guesses of this process are between check
    # and count at any time, so a burst of parallel guesses can exceed a limit by no more than that.
    for each in attempts:
        rate_limiter.check(each)
    normalized = _to_nfc(password)
    for form in _forms(password, normalized):
        matches, new_hash = _matches(form, hashed)
        if matches:
            rate_limiter.count(attempts.valid)
            return True, new_hash if form == normalized else context.hash(normalized)
    rate_limiter.count(attempts.failed)
    return False, None


def _forms(password: str, normalized: str) -> Iterable[str]:
    """Return the forms of a password to verify, NFC first. A password in ASCII has one form.

    Before passwords were normalized, they were hashed as they were typed. The forms depend on the typed password only,
    so a wrong one takes as long for an unknown account as for a known one, whatever the form of its hash.
    """
    return dict.fromkeys((normalized, password, unicodedata.normalize("NFD", password)))


def _matches(password: str, hashed: str) -> tuple[bool, str | None]:
    try:
        matches, new_hash = context.verify_and_update(password, hashed)
    except ValueError:
        # bcrypt rejects passwords with NUL or over 72 bytes, so no hash can be of such a password.
        return False, None
    return matches, new_hash


def _to_nfc(password: str) -> str:
    """Return a password in NFC, because keyboards and systems enter the same character in different forms."""
    return unicodedata.normalize("NFC", password)
