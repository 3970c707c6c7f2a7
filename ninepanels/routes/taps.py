"""Many taps at once, for clients that were offline."""

from typing import Annotated

from pydantic import Field

from .. import crud
from .. import days
from .. import pydmodels as pyd
from ..accounts.creations import Creation
from ..http.documentation import Example
from ..http.documentation import documented
from ..http.routing import APIRouter
from ..pydmodels import examples

router = APIRouter(prefix="/taps", tags=["sync"])

MAX_BODY_BYTES = 256 * 1024


@router.post("", operation_id="recordTaps", summary="Record many taps", max_body_size=MAX_BODY_BYTES)
@documented(
    example=Example(
        examples.TAP_RESULTS,
        [
            {"panel_id": 1, "day": "2026-11-22", "is_complete": True, "tapped_at": "2026-11-22T21:15:00Z"},
            {"panel_id": 1, "day": "2026-11-24", "is_complete": True},
        ],
    )
)
def record_taps(
    body: Annotated[list[pyd.Tap], Field(max_length=pyd.MAX_TAPS)], creation: Creation
) -> list[pyd.TapResult]:
    """Records up to 1,000 taps, in a body of up to 256 KiB, and returns the result of each, in the same order.

    Of two taps of a day, the one with the later `tapped_at` wins, whichever arrives first. A tap that is refused, for
    example because its panel was deleted, does not affect the others. Sending the same taps again changes nothing.
    """
    work, user = creation.work, creation.user
    results = crud.taps.record_all(work, user.id, body, today=days.today(user))
    if count := sum(result.get("applied") is True for result in results):
        work.emit(pyd.TapsRecorded(user_id=user.id, count=count))
    return results
