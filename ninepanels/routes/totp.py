"""The second factor: an authenticator app (TOTP) and recovery codes."""

from fastapi import Request

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts import rate_limits
from ..accounts import second_factor
from ..accounts.current_user import CurrentUser
from ..http.bodies import or_form
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples
from ..runtime.threads import route_threads

router = APIRouter(prefix="/auth/totp", tags=["auth"])


@router.get("", operation_id="readTotp", summary="Read whether logins need a second factor")
@documented(example=Example(examples.TOTP_STATE))
def read_totp(current_user: CurrentUser) -> pyd.TotpState:
    """Returns whether logins need a code beside the password, and how many recovery codes are left."""
    return current_user.read(crud.second_factors.read_state)


@router.post("", operation_id="startTotp", summary="Start to use a second factor", openapi_extra=or_form(pyd.TotpStart))
@documented(
    raises=(
        exceptions.WrongPassword,
        exceptions.EmailNotVerified,
        exceptions.SecondFactorOn,
        exceptions.RateLimited,
    ),
    example=Example(examples.TOTP_SECRET, {"current_password": "correct horse"}),
)
async def start_totp(body: pyd.TotpStart, current_user: CurrentUser, request: Request) -> pyd.TotpSecret:
    """Returns a new secret for an authenticator app. Logins need it once `POST /auth/totp/confirm` has confirmed it.

    If the service verifies e-mails, that of the account must be verified first.
    """
    confirmed = await current_user.confirm_password(body.current_password)
    attempts = rate_limits.account_change(request, current_user.token.user_id)
    await route_threads.run(rate_limits.rate_limiter.count, attempts)
    return await route_threads.run(second_factor.start, current_user, confirmed)


@router.post(
    "/confirm",
    operation_id="confirmTotp",
    summary="Switch the second factor on",
    openapi_extra=or_form(pyd.TotpConfirmation),
)
@documented(
    raises=(exceptions.EmailNotVerified, exceptions.NotFound, exceptions.WrongCode, exceptions.RateLimited),
    example=Example(examples.RECOVERY_CODES, {"totp_code": "492039"}),
)
def confirm_totp(body: pyd.TotpConfirmation, current_user: CurrentUser) -> pyd.NewRecoveryCodes:
    """Switches the second factor on, if the code is that of the authenticator app.

    From now on, `POST /token` needs a `totp_code` beside the password. The response contains ten recovery codes, for
    users who lose their app; they are not shown again.
    """
    return second_factor.confirm(current_user, body.totp_code)


@router.delete(
    "", operation_id="removeTotp", summary="Switch the second factor off", openapi_extra=or_form(pyd.TotpRemoval)
)
@documented(
    raises=(exceptions.WrongPassword, exceptions.NotFound, exceptions.WrongCode, exceptions.RateLimited),
    example=Example(examples.SUCCESS, {"current_password": "correct horse", "totp_code": "492039"}),
)
async def remove_totp(body: pyd.TotpRemoval, current_user: CurrentUser) -> pyd.Success:
    """Switches the second factor off, and deletes the recovery codes."""
    confirmed = await current_user.confirm_password(body.current_password)
    await route_threads.run(second_factor.remove, current_user, confirmed, body.totp_code)
    return pyd.Success()
