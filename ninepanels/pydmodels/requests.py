"""Request bodies."""

from typing import Annotated
from typing import Any
from typing import ClassVar
from typing import Literal

from pydantic import MISSING
from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field
from pydantic import StringConstraints
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from .. import exceptions
from .fields import MAX_EMAIL_LENGTH
from .fields import MAX_THRESHOLD_MS
from .fields import Day
from .fields import DayStartsAt
from .fields import Description
from .fields import Email
from .fields import EmptyToNull
from .fields import ExistingPassword
from .fields import MethodPath
from .fields import Name
from .fields import Password
from .fields import Position
from .fields import SecondFactorCode
from .fields import Timezone
from .fields import Title
from .fields import WindowSize
from .fields import nfc


def _without_defaults(schema: dict[str, Any]) -> None:
    # openapi-typescript makes a field with a default required, in requests, too.
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class RequestBody(BaseModel):
    """The base of request bodies. An unknown field is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra=_without_defaults)


class UpdateBody(RequestBody):
    """A partial update. Fields that are not in the body stay unchanged."""

    not_changes: ClassVar[set[str]] = set()
    """Fields that identify or authorize the change and are not part of it."""

    raises: ClassVar[tuple[type[exceptions.NinePanelsBaseException], ...]] = (exceptions.NothingToUpdate,)
    """The errors that `changes` can raise, for the schema."""

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
    """The form of the OAuth2 password flow."""

    grant_type: Literal["password", ""] = "password"
    """Always `password`."""
    username: Annotated[
        str,
        StringConstraints(max_length=MAX_EMAIL_LENGTH),
        nfc(MAX_EMAIL_LENGTH),
        Field(examples=["ada@example.com"]),
    ]
    """The e-mail of the account. Upper and lower case are not distinguished."""
    password: ExistingPassword
    totp_code: SecondFactorCode = ""
    """If the account has a second factor: the six digits that the authenticator app shows, or a recovery code."""
    scope: str = ""
    """Ignored. It is part of OAuth2."""
    client_id: str = ""
    """Ignored. It is part of OAuth2."""
    client_secret: str = ""
    """Ignored. It is part of OAuth2."""


class UserCreate(RequestBody):
    """A sign-up."""

    email: Email
    name: Name
    password: Password
    timezone: Annotated[
        Timezone | None,
        Field(description="The name of an IANA time zone. The user's day follows it. The service has a default."),
    ] = None
    day_starts_at: Annotated[
        DayStartsAt,
        Field(
            description="The hour, in the user's time zone, at which the day begins. Until then, the previous day goes "
            "on. By default 0."
        ),
    ] = 0


class UserUpdate(UpdateBody):
    """Changes of the account. A new `email` requires `current_password`."""

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


class UserDeletion(RequestBody):
    """The confirmation of the deletion of the account."""

    current_password: ExistingPassword | None = None
    """The current password. Without it, and without the header `X-Current-Password`, the login must not be older than
    10 minutes."""


class PasswordChange(RequestBody):
    """A new password, authorized by the current one."""

    current_password: ExistingPassword
    new_password: Password


class PasswordResetRequest(RequestBody):
    """The e-mail of an account whose password was forgotten."""

    email: Email


class PasswordReset(RequestBody):
    """A new password, authorized by the token of a reset link."""

    email: Email
    password_reset_token: Annotated[
        str,
        Field(
            max_length=256,
            examples=["JDXgJEsrQbCdfLR6u5lrcZ2xwRdkZiGn0k5O1rCuQ1Q"],
            json_schema_extra={"format": "password"},
        ),
    ]
    """The parameter `token` of the link in the e-mail."""
    new_password: Password


class EmailVerification(RequestBody):
    """The token of a link that verifies an e-mail."""

    verification_token: Annotated[
        str,
        Field(
            max_length=1_024,
            examples=[
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.Qm1x2hZcV0r8dJ7s3nT5uW9yA4bE6gK1pL0oI2fXvRk"
            ],
            json_schema_extra={"format": "password"},
        ),
    ]
    """The parameter `verification_token` of the link in the e-mail."""


class AdminUpdate(UpdateBody):
    """Changes of a user by an admin."""

    is_admin: Annotated[bool, Field(strict=True, examples=[True])] | MISSING = MISSING
    """Whether the user is an admin."""


class RouteUpdate(UpdateBody):
    """Changes of a route's settings by an admin."""

    not_changes = {"method_path"}

    method_path: MethodPath
    alert_threshold_ms: Annotated[float, Field(strict=True, gt=0, le=MAX_THRESHOLD_MS, examples=[250.0])] | MISSING = (
        MISSING
    )
    """An alert is raised when the 95th percentile of the window exceeds this duration."""
    window_size: Annotated[WindowSize, Field(strict=True)] | MISSING = MISSING
    """How many of the route's latest requests are evaluated."""


class PanelCreate(RequestBody):
    """A new panel."""

    title: Title
    description: Annotated[Description | None, EmptyToNull] = None
    """A note on the panel. It can have several lines."""
    position: Position | None = None
    """The position to insert the panel at, counted from 0; the panels from that position on move back by one. Without a
    position, or past the end, the panel becomes the last one."""


class PanelUpdate(UpdateBody):
    """Changes of a panel."""

    title: Title | MISSING = MISSING
    description: Annotated[Description | None, EmptyToNull] | MISSING = MISSING
    """A note on the panel. It can have several lines; null removes it."""
    position: Position | MISSING = MISSING
    """The position to move the panel to, counted from 0. The other panels shift, as in a list."""


class EntryCreate(RequestBody):
    """The state of a panel on a day."""

    is_complete: Annotated[bool, Field(strict=True, examples=[True])]
    """Whether the panel is done on that day."""
    day: Day | None = None
    """A day from 1970-01-01 to the user's current day, which is the default."""
