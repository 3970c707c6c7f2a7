"""Request bodies."""

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
from .fields import Day
from .fields import DayStartsAt
from .fields import Description
from .fields import Email
from .fields import EmptyToNull
from .fields import ExistingPassword
from .fields import MethodPath
from .fields import Name
from .fields import Nfc
from .fields import Password
from .fields import Timezone
from .fields import Title
from .fields import WindowSize


class RequestBody(BaseModel):
    """The base of request bodies. An unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class UpdateBody(RequestBody):
    """A partial update. Fields that are not in the body stay unchanged."""

    not_changes: ClassVar[set[str]] = set()
    """Fields that identify or authorize the change and are not part of it."""

    def changes(self) -> dict[str, Any]:
        """Return the fields to change.

        Raises:
            NothingToUpdate: the body contains no field to change.
        """
        changes = self.model_dump(exclude=self.not_changes)
        if not changes:
            raise exceptions.NothingToUpdate
        return changes


class Credentials(RequestBody):
    """The OAuth2 password form. `username` is the e-mail; scope and client fields are accepted and ignored."""

    grant_type: Literal["password", ""] = "password"
    username: Annotated[str, Nfc, Field(max_length=254)]
    password: ExistingPassword
    scope: str = ""
    client_id: str | None = None
    client_secret: str | None = None


class UserCreate(RequestBody):
    """A sign-up. The default of `timezone` comes from the settings."""

    email: Email
    name: Name
    password: Password
    timezone: Timezone | None = None
    day_starts_at: DayStartsAt = 0


class UserUpdate(UpdateBody):
    """Changes of the user's profile. A new `email` requires `current_password`."""

    not_changes = {"current_password"}

    name: Name | MISSING = MISSING
    timezone: Timezone | MISSING = MISSING
    day_starts_at: DayStartsAt | MISSING = MISSING
    email: Email | MISSING = MISSING
    current_password: ExistingPassword | MISSING = MISSING

    @model_validator(mode="after")
    def _require_password_for_email(self) -> "UserUpdate":
        if self.email is not MISSING and self.current_password is MISSING:
            raise PydanticCustomError("password_wanted", "A new e-mail requires current_password")
        return self


class PasswordChange(RequestBody):
    """A new password, authorized by the current one."""

    current_password: ExistingPassword
    new_password: Password


class PasswordResetRequest(RequestBody):
    """The e-mail of an account whose password was forgotten."""

    email: Email


class PasswordReset(RequestBody):
    """A new password, authorized by the token from the e-mail."""

    email: Email
    password_reset_token: Annotated[str, Field(max_length=256, json_schema_extra={"format": "password"})]
    new_password: Password


class AdminUpdate(UpdateBody):
    """Changes of a user by an admin."""

    is_admin: Annotated[bool, Field(strict=True)] | MISSING = MISSING


class RouteUpdate(UpdateBody):
    """Changes of a route's settings by an admin: its alert threshold, and how many of its requests are evaluated."""

    not_changes = {"method_path"}

    method_path: MethodPath
    alert_threshold_ms: Annotated[float, Field(strict=True, gt=0, le=MAX_THRESHOLD_MS)] | MISSING = MISSING
    window_size: Annotated[WindowSize, Field(strict=True)] | MISSING = MISSING


class PanelCreate(RequestBody):
    """A new panel. Without a `position`, or past the end, the panel becomes the last one."""

    title: Title
    description: Annotated[Description | None, EmptyToNull] = None
    position: int | None = None


class PanelUpdate(UpdateBody):
    """Changes of a panel. `description: null` removes the description."""

    title: Title | MISSING = MISSING
    description: Annotated[Description | None, EmptyToNull] | MISSING = MISSING
    position: int | MISSING = MISSING


class EntryCreate(RequestBody):
    """The state of a panel on a day, by default the user's current day."""

    is_complete: Annotated[bool, Field(strict=True)]
    day: Day | None = None
