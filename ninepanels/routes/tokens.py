"""Logging in."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Form
from fastapi import Request

from .. import auth
from .. import client_addresses
from .. import pydmodels as pyd
from .. import queues
from ..bodies import StrictBodyRoute

router = APIRouter(tags=["auth"], route_class=StrictBodyRoute)


@router.post("/token")
async def log_in(form: Annotated[pyd.Credentials, Form()], request: Request) -> pyd.Token:
    """Log in with e-mail (as `username`) and password."""
    login = await auth.log_in(form.username, form.password, client_addresses.of(request))
    queues.emit(pyd.UserLoggedIn(user_id=login.user.id, at=login.at))
    return auth.issue_token(login.user, login.at, request.app.state.settings)
