"""Where the current user is logged in."""

from typing import Annotated

from fastapi import Path
from fastapi import Request

from .. import clock
from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts import sessions
from ..accounts.current_user import CurrentUser
from ..http import user_agents
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples

router = APIRouter(prefix="/auth/sessions", tags=["auth"])


@router.get("", operation_id="listSessions", summary="List where you are logged in")
@documented(example=Example(examples.SESSIONS))
def read_sessions(current_user: CurrentUser, request: Request) -> list[pyd.LoginSession]:
    """Returns your logins that are still valid: the current one, and up to 99 others, the last used one first."""
    used_after = sessions.used_after(request, clock.now())
    return current_user.read(crud.sessions.read_all, used_after, user_agents.describe(request))


@router.delete("/{session_id}", operation_id="endSession", summary="Log out elsewhere")
@documented(raises=(exceptions.NotFound,), example=Example(examples.SUCCESS))
def end_session(
    session_id: Annotated[pyd.SessionId, Path(description="The id of the session.")], current_user: CurrentUser
) -> pyd.Success:
    """Revokes the token of one of your sessions. The revocation takes effect at the next request.

    Ending the current session logs you out.
    """
    token = current_user.token
    with current_user.transaction() as (work, user):
        expires_at = (
            token.expires_at if session_id == token.jti else crud.sessions.read_expiry(work, user.id, session_id)
        )
        crud.sessions.end(work, user.id, jti=session_id, expires_at=expires_at)
        current_user.record(work, pyd.AuditAction.SESSION_ENDED, target_id=user.id)
        work.emit(pyd.UserLoggedOut(user_id=user.id, everywhere=False))
    return pyd.Success()
