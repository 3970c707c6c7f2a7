"""Logging in."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Form
from fastapi import Request

from .. import auth
from .. import clock
from .. import pydmodels as pyd
from .. import queues
from ..bodies import StrictBodyRoute

router = APIRouter(tags=["auth"], route_class=StrictBodyRoute)


@router.post("/token")
async def log_in(form: Annotated[pyd.Credentials, Form()], request: Request) -> pyd.Token:
    """Log in with e-mail (as `username`) and password."""
    user = await auth.log_in(form.username, form.password)
    queues.emit(pyd.UserLoggedIn(user_id=user.id, at=clock.now()))
    return auth.issue_token(user.id, request.app.state.settings)
