"""Requests and responses about the second factor."""

from typing import Annotated

from pydantic import Field

from .envelopes import ResponseBody
from .fields import Count
from .fields import ExistingPassword
from .fields import SecondFactorCode
from .requests import RequestBody


class TotpStart(RequestBody):
    """The password that confirms the start."""

    current_password: ExistingPassword


class TotpConfirmation(RequestBody):
    """A code of the authenticator app."""

    totp_code: Annotated[SecondFactorCode, Field(description="The six digits that the authenticator app shows.")]


class TotpRemoval(RequestBody):
    """What confirms that the second factor is switched off."""

    current_password: ExistingPassword
    totp_code: SecondFactorCode


class TotpState(ResponseBody):
    """Whether logins need a second factor."""

    is_on: bool
    """Whether `POST /token` needs a code beside the password."""
    recovery_codes_left: Count
    """How many recovery codes have not been used."""


class TotpSecret(ResponseBody):
    """The secret for an authenticator app."""

    secret: Annotated[str, Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])]
    """The secret in base32, for users who enter it into the app."""
    otpauth_uri: Annotated[
        str,
        Field(
            examples=[
                "otpauth://totp/Nine%20Panels:ada%40example.com"
                "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Nine%20Panels"
            ]
        ),
    ]
    """The same as a URI, for a link that opens the app, or for a QR code."""


class NewRecoveryCodes(ResponseBody):
    """Codes for users who have lost their authenticator app."""

    recovery_codes: Annotated[list[str], Field(examples=[["h4qd2x-9sfj7w-kcb3rt-m8vzpn"]])]
    """Each works once in place of a code of the app. They are not shown again."""
