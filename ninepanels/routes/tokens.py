"""Login."""

from typing import Annotated

from fastapi import Form
from fastapi import Request

from .. import clock
from .. import pydmodels as pyd
from .. import queues
from ..accounts import login
from ..accounts import tokens
from ..http import client_addresses
from ..http.routing import APIRouter

router = APIRouter(tags=["auth"])


@router.post("/token")
async def log_in(form: Annotated[pyd.Credentials, Form()], request: Request) -> pyd.Token:
    """Log in with your e-mail (as `username`) and password."""
    at = clock.now()
    user = await login.log_in(form.username, form.password, client_addresses.of(request))
    queues.emit(pyd.UserLoggedIn(user_id=user.id, at=at))
    return tokens.issue_token(user, at, request.app.state.settings)
