"""Where to report vulnerabilities, for people and for scanners."""

from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Request
from fastapi import Response
from fastapi.responses import PlainTextResponse

from .. import clock
from .. import exceptions
from ..config import Settings
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter

router = APIRouter(tags=["service"])

PATH = "/.well-known/security.txt"

LIFETIME = timedelta(days=180)
"""RFC 9116 recommends less than a year."""


@router.get(
    PATH,
    operation_id="readSecurityTxt",
    summary="Read where to report vulnerabilities",
    response_class=PlainTextResponse,
)
@documented(
    raises=(exceptions.NotFound,),
    example=Example(
        "Contact: mailto:security@ninepanels.example\nExpires: 2027-05-22T00:00:00Z\nPreferred-Languages: en\n"
    ),
)
async def read_security_txt(request: Request) -> Response:
    """Returns the contact of the operator as a `security.txt` (RFC 9116).

    The operator names it with `NINEPANELS_SECURITY_CONTACT`. Without a contact there is no such file.
    """
    settings: Settings = request.app.state.settings
    if not settings.security_contact:
        raise exceptions.NotFound("The operator of this service has named no contact for vulnerabilities.")
    return PlainTextResponse("\n".join(_lines(settings)) + "\n")


def _lines(settings: Settings) -> list[str]:
    # At midnight, so that the file is the same all day.
    expires = (clock.now() + LIFETIME).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
    ]
    # APP_URL is the public address of this service, unless it is the default.
    public = urlsplit(settings.app_url)
    if public.scheme == "https":
        lines.append(f"Canonical: https://{public.netloc}{PATH}")
    return lines
