"""Request bodies."""

from datetime import date
from typing import Annotated
from typing import Any
from typing import ClassVar
from typing import Literal

from pydantic import MISSING
from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from .. import exceptions
from .fields import MAX_THRESHOLD_MS
from .fields import DayStartsAt
from .fields import Description
from .fields import Email
from .fields import MethodPath
from .fields import Name
from .fields import Password
from .fields import Timezone
from .fields import Title
from .fields import WindowSize


class RequestBody(BaseModel):
    """A body from outside: a field nobody knows is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class UpdateBody(RequestBody):
    """A partial update: what is not in the body stays as it is."""

    beside: ClassVar[set[str]] = set()
    """Fields that say what to change or why one may, and are no change themselves."""

    def changes(self) -> dict[str, Any]:
        """Return the fields to change.

        Raises:
            NothingToUpdate: the body names none.
        """
        changes = self.model_dump(exclude=self.beside)
        if not changes:
            raise exceptions.NothingToUpdate
        return changes


class Credentials(RequestBody):
    """The OAuth2 password form; `username` is the e-mail, and what we have no use for is ignored."""

    grant_type: Literal["password", ""] = "password"
    username: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=128, json_schema_extra={"format": "password"})]
    scope: str = ""
    client_id: str | None = None
    client_secret: str | None = None


class UserCreate(RequestBody):
    """A sign-up. `timezone` is by default the one of the installation's settings."""

    email: Email
    name: Name
    password: Password
    timezone: Timezone | None = None
    day_starts_at: DayStartsAt = 0


class UserUpdate(UpdateBody):
    """What to change of oneself; `email` wants `current_password` beside it."""

    beside = {"current_password"}

    name: Name | MISSING = MISSING
    timezone: Timezone | MISSING = MISSING
    day_starts_at: DayStartsAt | MISSING = MISSING
    email: Email | MISSING = MISSING
    current_password: Annotated[str, Field(max_length=128)] | MISSING = MISSING

    @model_validator(mode="after")
    def _email_wants_password(self) -> "UserUpdate":
        if self.email is not MISSING and self.current_password is MISSING:
            raise PydanticCustomError("password_wanted", "A new e-mail wants current_password beside it")
        return self


class PasswordChange(RequestBody):
    """A new password, and the proof that it is the user who wants it."""

    current_password: Annotated[str, Field(max_length=128, json_schema_extra={"format": "password"})]
    new_password: Password


class PasswordResetRequest(RequestBody):
    """Whoever forgot their password."""

    email: Email


class PasswordReset(RequestBody):
    """A new password, and the token out of the mail."""

    email: Email
    password_reset_token: Annotated[str, Field(max_length=256, json_schema_extra={"format": "password"})]
    new_password: Password


class AdminUpdate(UpdateBody):
    """What an admin changes of a user."""

    is_admin: bool | MISSING = MISSING


class RouteUpdate(UpdateBody):
    """What an admin changes of a route: how many of its latest requests are looked at, and when they are too slow."""

    beside = {"method_path"}

    method_path: MethodPath
    alert_threshold_ms: Annotated[float, Field(strict=True, gt=0, le=MAX_THRESHOLD_MS)] | MISSING = MISSING
    window_size: Annotated[WindowSize, Field(strict=True)] | MISSING = MISSING


class PanelCreate(RequestBody):
    """A new panel. Without `position`, or with one past the end, it becomes the last."""

    title: Title
    description: Description | None = None
    position: int | None = None


class PanelUpdate(UpdateBody):
    """What to change of a panel; `description: null` removes it."""

    title: Title | MISSING = MISSING
    description: Description | MISSING | None = MISSING
    position: int | MISSING = MISSING


class EntryCreate(RequestBody):
    """A tap, or its taking back; by default for the user's today."""

    is_complete: bool
    day: date | None = None
