"""Field types of settings. Those of `fields` are also types of settings."""

import re
from email.utils import parseaddr
from typing import Annotated

from pydantic import AfterValidator


def _origin(value: str) -> str:
    host = r"([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])"
    # Browsers leave out the default port.
    if not re.fullmatch(rf"(?!http://.*:80$|https://.*:443$)[a-z][a-z0-9+.-]*://{host}(:[1-9][0-9]{{0,4}})?", value):
        raise ValueError(
            "must be origins as browsers send them, such as https://ninepanels.example or http://localhost:5173: in "
            "lower case, without a path and without the default port; * and null are none"
        )
    return value


def _client_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
        raise ValueError("must be a URL such as https://ninepanels.example")
    return value.rstrip("/")


def _sender(value: str) -> str:
    _, address = parseaddr(value)
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", address) or not value.isprintable():
        raise ValueError("must be a sender such as Nine Panels <no-reply@ninepanels.example>")
    return value


def _security_contact(value: str) -> str:
    # Visible ASCII, as in any URI: a line break would add a field to the file.
    if value and not re.fullmatch(r"(?=[!-~]+\Z)(mailto:[^@?]+@[^@?]+|https://[^/?#@]+([/?#].*)?)", value):
        raise ValueError(
            "must be a URI such as mailto:security@ninepanels.example or https://ninepanels.example/report"
        )
    return value


Origin = Annotated[str, AfterValidator(_origin)]
"""An origin as browsers send it in the header Origin."""

ClientUrl = Annotated[str, AfterValidator(_client_url)]
"""The URL of a web client, without a slash at the end."""

Sender = Annotated[str, AfterValidator(_sender)]
"""The sender of mails."""

SecurityContact = Annotated[str, AfterValidator(_security_contact)]
"""Where to report vulnerabilities, or "". The field Contact of RFC 9116."""
