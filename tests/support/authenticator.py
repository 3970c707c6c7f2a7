"""An authenticator app, and a user's second factor."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pyotp

from ninepanels import clock

from .people import PASSWORD
from .people import Person
from .people import data

STEP = timedelta(seconds=30)


@dataclass
class Authenticator:
    """An app that has learned the secret of a user."""

    secret: str
    recovery_codes: list[str]

    @classmethod
    def start(cls, person: Person) -> "Authenticator":
        """Start to use a second factor, without switching it on."""
        return cls(data(person.post("/auth/totp", {"current_password": PASSWORD}))["secret"], [])

    @classmethod
    def switch_on(cls, person: Person) -> "Authenticator":
        """Switch the second factor on, with the current code."""
        app = cls.start(person)
        app.recovery_codes = data(person.post("/auth/totp/confirm", {"totp_code": app.code()}))["recovery_codes"]
        return app

    def code(self, steps: int = 0) -> str:
        """Return the code that the app shows so many time steps from now."""
        return pyotp.TOTP(self.secret).at(clock.now() + steps * STEP)

    def wrong_code(self) -> str:
        """Return six digits that are no code of the time around now."""
        codes = {self.code(steps) for steps in range(-3, 4)}
        return next(code for number in range(len(codes) + 1) if (code := f"{number:06}") not in codes)


CODES: dict[str, Callable[[Person], str]] = {
    "POST /auth/totp/confirm": lambda person: Authenticator.start(person).code(),
    "DELETE /auth/totp": lambda person: Authenticator.switch_on(person).recovery_codes[0],
}
"""Functions that prepare a user for an operation and return the `totp_code` that it needs."""
