"""The changes of a user's panels and entries."""

from typing import Annotated

from fastapi import Query

from .. import crud
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts.current_user import CurrentUser
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples

router = APIRouter(prefix="/changes", tags=["sync"])


@router.get("", operation_id="listChanges", summary="List what has changed")
@documented(raises=(exceptions.ChangesGone,), example=Example(examples.CHANGES))
def read_changes(
    current_user: CurrentUser,
    since: Annotated[
        pyd.Revision | None,
        Query(description="The `revision` of the last response. By default, everything is returned."),
    ] = None,
) -> pyd.Changes:
    """Returns the panels and entries that changed after the revision `since`, or all of them.

    Repeat the request with the `revision` of the response while `more` is true. After a panel or a history
    was deleted, earlier revisions get the error `changes_gone`: load everything again.
    """
    return current_user.read(crud.changes.read, since)
