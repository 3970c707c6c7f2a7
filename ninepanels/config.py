"""Settings, read once from the environment and the file `.env.<environment>`."""

import os
import secrets
import stat
import sys
from pathlib import Path
from typing import Annotated
from typing import Any
from typing import Literal

from pydantic import Field
from pydantic import SecretStr
from pydantic import ValidationError
from pydantic import field_validator
from pydantic import model_validator
from pydantic_settings import BaseSettings
from pydantic_settings import NoDecode
from pydantic_settings import SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from . import days
from . import environments
from . import exceptions
from .environments import Environment

PREFIX = "NINEPANELS_"
VAR = environments.ROOT / "var"
"""Where an installation keeps what is its own: the embedded database, its secret."""

SECRET_BYTES = 32


class Settings(BaseSettings):
    """What an installation can choose; `.env.example` says what each is for."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, validate_default=True)

    env: Environment
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    database_url: str = ""
    jwt_secret: SecretStr = SecretStr("")
    access_token_days: Annotated[int, Field(ge=1, le=366)] = 30
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    default_timezone: str = "UTC"
    threads: Annotated[int, Field(ge=1, le=100)] = 8

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("default_timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in days.timezones():
            raise ValueError("has to be an IANA name such as UTC or Europe/Berlin")
        return value

    @model_validator(mode="before")
    @classmethod
    def _choose_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        env = Environment(values["env"])
        values["database_url"] = _database_url(values.get("database_url"), env)
        if env is Environment.FEATURE:
            values.setdefault("cors_origins", ("http://localhost:5173",))
        return values

    @model_validator(mode="after")
    def _strong_secret(self) -> "Settings":
        # Several instances may share a server's database, and they have to share the secret too.
        embedded = self.database_url.startswith("sqlite")
        if not self.jwt_secret.get_secret_value() and embedded:
            object.__setattr__(self, "jwt_secret", SecretStr(_own_secret(_var() / f"{self.env.lower()}.secret")))
        if len(self.jwt_secret.get_secret_value().encode()) < SECRET_BYTES:
            raise ValueError(
                f"{PREFIX}JWT_SECRET: has to be at least {SECRET_BYTES} bytes that nobody can guess;"
                " `openssl rand -hex 32` makes one"
            )
        return self


def _database_url(given: str | None, env: Environment) -> str:
    """Return the URL with its driver named; the embedded database when none is given."""
    if not given:
        return f"sqlite:///{_var() / f'{env.lower()}.db'}"
    wanted = (
        f"{PREFIX}DATABASE_URL: has to look like postgresql://user:password@host/name or sqlite:////path/to/file.db"
    )
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:
        raise ValueError(wanted) from error
    # A password there would be shown by whatever masks the one before the host.
    if {"password", "passfile", "sslpassword"} & set(url.query):
        raise ValueError(wanted)
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg2"):
        url = url.set(drivername="postgresql+psycopg2")
    elif url.drivername != "sqlite" or url.query or url.database in (None, "", ":memory:"):
        raise ValueError(wanted)
    return url.render_as_string(hide_password=False)


def _var() -> Path:
    VAR.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    return VAR


def _own_secret(path: Path) -> str:
    """Return the secret kept in `path`, made at the first call; two that start at once agree on one."""
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    draft.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    try:
        draft.write_text(secrets.token_hex(SECRET_BYTES))
        # A hard link appears whole or not at all, and fails when another process was first.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


def read_settings() -> Settings:
    """Read the settings of this environment.

    Raises:
        SettingsInvalid: one is missing or wrong.
    """
    env = environments.current(os.environ.get(f"{PREFIX}ENV"))
    try:
        return Settings(_env_file=environments.ROOT / f".env.{env.lower()}", env=env)
    except ValidationError as error:
        raise exceptions.SettingsInvalid(_one_line(error)) from error


def _one_line(error: ValidationError) -> str:
    """Name the first wrong setting and what would be right, without what it was set to."""
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{str(first['loc'][0]).upper()}: {message}" if first["loc"] else message


def main() -> None:
    """Say what the environment is, a setting a line, secrets masked."""
    try:
        settings = read_settings()
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)
    shown = settings.model_dump(mode="json") | {
        "database_url": make_url(settings.database_url).render_as_string(hide_password=True)
    }
    sys.stdout.writelines(f"{PREFIX}{name.upper()}={value}\n" for name, value in shown.items())


if __name__ == "__main__":
    main()
