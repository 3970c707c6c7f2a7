"""Login."""

from typing import Annotated

from fastapi import Form
from fastapi import Request

from .. import exceptions
from .. import pydmodels as pyd
from ..accounts import login
from ..http.documentation import DATABASE_ERRORS
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples

router = APIRouter(tags=["auth"])


@router.post("/token", operation_id="logIn", summary="Log in")
@documented(
    raises=(
        exceptions.WrongLogin,
        exceptions.SecondFactorRequired,
        exceptions.WrongSecondFactor,
        exceptions.RateLimited,
        *DATABASE_ERRORS,
    ),
    example=Example(examples.TOKEN, {"username": "ada@example.com", "password": "correct horse"}),
)
async def log_in(form: Annotated[pyd.Credentials, Form()], request: Request) -> pyd.Token:
    """Returns an access token for your e-mail, as `username`, and your password: the OAuth2 password flow.

    An account with a second factor also needs a `totp_code`; without it, the response to the right password is a 401
    with the code `second_factor_required`.

    The token is in `data`, in the envelope. Only the dialog **Authorize** of the page `/docs` gets it without the
    envelope, because that dialog expects OAuth2's own format.
    """
    return await login.log_in(request, form.username, form.password, form.totp_code)
