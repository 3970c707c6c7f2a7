"""Codes of authenticator apps (TOTP, RFC 6238), and recovery codes.

The secret of an app is encrypted with a key that is derived from the JWT secret, so a copy of the database alone does
not contain it. Recovery codes are random: only their hashes are stored, and they work without the key.
"""

import base64
import contextlib
import hashlib
import re
import secrets

import pyotp
from cryptography.fernet import Fernet
from cryptography.fernet import InvalidToken
from cryptography.fernet import MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .. import clock
from .. import sqlmodels as sql
from ..config import Settings

ISSUER = "Nine Panels"
STEPS_AROUND = 1
"""How many time steps before and after the current one are accepted, because clocks differ."""
STEP_S = 30

RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstvwxyz23456789"
"""Without characters that look alike. 24 of them have 117 bits, so their hash needs neither a salt nor to be slow."""


def new_secret() -> str:
    """Return a new secret in base32: 160 random bits."""
    return pyotp.random_base32()


def uri(secret: str, email: str) -> str:
    """Return the URI by which an authenticator app learns the secret."""
    return pyotp.TOTP(secret, name=email, issuer=ISSUER).provisioning_uri()


def encrypt(secret: str, settings: Settings) -> str:
    """Return a secret encrypted with the key of the current JWT secret."""
    return _cipher(settings).encrypt(secret.encode()).decode()


def encrypt_again(encrypted_secret: str, settings: Settings) -> str:
    """Return a secret that was encrypted with the key of the previous JWT secret, encrypted with that of the current.

    A secret that the current key decrypts, or neither of them, is returned as it is.
    """
    with contextlib.suppress(InvalidToken):
        Fernet(_key(settings.jwt_secret.get_secret_value())).decrypt(encrypted_secret)
        return encrypted_secret
    try:
        return _cipher(settings).rotate(encrypted_secret).decode()
    except InvalidToken:
        return encrypted_secret


def use_app_code(factor: sql.SecondFactor, code: str, settings: Settings) -> bool:
    """Return whether a code of the app is right and was not used, and use it up."""
    step = _step_of(factor, _normalized(code), settings)
    # A `last_step` after `latest` was stored while the clock was ahead. It is ignored, because it would block all
    # logins until then.
    latest = int((clock.now() + clock.MAX_SKEW).timestamp()) // STEP_S
    if step is None or step <= factor.last_step <= latest:
        return False
    factor.last_step = step
    return True


def use_recovery_code(factor: sql.SecondFactor, code: str) -> bool:
    """Return whether a recovery code is right and was not used, and use it up."""
    left = [each for each in factor.recovery_hashes if each != _hash(code)]
    if len(left) == len(factor.recovery_hashes):
        return False
    factor.recovery_hashes = left
    return True


def new_recovery_codes(factor: sql.SecondFactor) -> list[str]:
    """Return new recovery codes, which replace the present ones."""
    codes = ["-".join(_random_text(6) for _ in range(4)) for _ in range(RECOVERY_CODES)]
    factor.recovery_hashes = [_hash(code) for code in codes]
    return codes


def _step_of(factor: sql.SecondFactor, code: str, settings: Settings) -> int | None:
    """Return the time step of a code, or None if it is wrong."""
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    try:
        secret = _cipher(settings).decrypt(factor.encrypted_secret).decode()
        return pyotp.TOTP(secret, interval=STEP_S).verify_and_get_timecode(
            code, for_time=clock.now(), valid_window=STEPS_AROUND
        )
    except (InvalidToken, pyotp.OTPVerificationError):
        return None


def _cipher(settings: Settings) -> MultiFernet:
    """Return what encrypts with the key of the current JWT secret, and decrypts with that of the previous one, too."""
    return MultiFernet([Fernet(_key(secret)) for secret in settings.accepted_secrets])


def _key(jwt_secret: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ninepanels: secrets of second factors")
    return base64.urlsafe_b64encode(derivation.derive(jwt_secret.encode()))


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _normalized(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _hash(code: str) -> str:
    return hashlib.sha256(_normalized(code).encode()).hexdigest()
