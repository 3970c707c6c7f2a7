"""Settings, read once from the environment and the file `.env.<environment>`."""

import os
import re
import secrets
import stat
import sys
from email.utils import parseaddr
from functools import cached_property
from ipaddress import ip_address
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from typing import Any
from typing import Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError
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
from .pydmodels import emails

PREFIX = "NINEPANELS_"
VAR = environments.ROOT / "var"
"""Where an installation keeps what is its own: the embedded database, its secret."""

SECRET_BYTES = 32
TOKEN_LENGTH = 16


class Settings(BaseSettings):
    """What an installation can choose; `.env.example` says what each is for."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, validate_default=True)

    env: Environment
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    database_url: str = ""
    jwt_secret: SecretStr = SecretStr("")
    jwt_secret_previous: SecretStr = SecretStr("")
    access_token_days: Annotated[int, Field(ge=1, le=366)] = 30
    password_reset_minutes: Annotated[int, Field(ge=1, le=1_440)] = 30
    url_root: str = "http://localhost:5173"
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ("*",)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    smtp_url: str = ""
    mail_dir: Path = Path()
    mail_from: str = "Nine Panels <no-reply@localhost>"
    rate_limits: Literal["on", "off"] = "on"
    rate_limit_storage: str = "memory"
    default_timezone: str = "UTC"
    metrics_token: SecretStr = SecretStr("")
    alert_emails: Annotated[tuple[str, ...], NoDecode] = ()
    alert_webhook_url: SecretStr = SecretStr("")
    sentry_dsn: SecretStr = SecretStr("")
    timings_keep_days: Annotated[int, Field(ge=1, le=3_660)] = 30
    threads: Annotated[int, Field(ge=1, le=100)] = 8
    backup_dir: Path = Path()

    @field_validator("cors_origins", "trusted_hosts", "trusted_proxies", "alert_emails", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("trusted_hosts")
    @classmethod
    def _hosts(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if not values or not all(re.fullmatch(r"\*|(\*\.)?[A-Za-z0-9.-]+", value) for value in values):
            raise ValueError("has to be names such as api.ninepanels.example or *.ninepanels.example, or * for any")
        return values

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses_or_networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(value, strict=False)) for value in values)
        except ValueError as error:
            raise ValueError("has to be addresses or networks, such as 10.0.0.7 or 10.0.0.0/8") from error

    @field_validator("url_root")
    @classmethod
    def _bare_url(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            raise ValueError("has to look like https://ninepanels.example")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        if value and not _is_url(value, "smtp", "smtps"):
            raise ValueError("has to look like smtp://user:password@host:587, or smtps:// for TLS from the start")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        _, address = parseaddr(value)
        if not re.fullmatch(r"[^\s@]+@[^\s@]+", address) or not value.isprintable():
            raise ValueError("has to look like Nine Panels <no-reply@ninepanels.example>")
        return value

    @field_validator("rate_limit_storage")
    @classmethod
    def _memory_or_redis(cls, value: str) -> str:
        if value != "memory" and not _is_url(value, "redis", "rediss"):
            raise ValueError("has to be memory, or look like redis://:password@host:6379/0")
        return value

    @field_validator("default_timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in days.timezones():
            raise ValueError("has to be an IANA name such as UTC or Europe/Berlin")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        if value and not re.fullmatch(rf"[\x21-\x7e]{{{TOKEN_LENGTH},}}", value.get_secret_value()):
            raise ValueError(f"has to be at least {TOKEN_LENGTH} ASCII characters; `openssl rand -hex 32` makes one")
        return value

    @field_validator("alert_emails")
    @classmethod
    def _email_addresses(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(emails.normalize(value) for value in values)
        except EmailNotValidError as error:
            raise ValueError("has to be e-mail addresses, such as ops@ninepanels.example") from error

    @field_validator("alert_webhook_url")
    @classmethod
    def _https_or_loopback(cls, value: SecretStr) -> SecretStr:
        if value and not _is_private(value.get_secret_value()):
            raise ValueError("has to look like https://hooks.example/path; http:// only to this machine")
        return value

    @field_validator("sentry_dsn")
    @classmethod
    def _dsn(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and not (_is_private(url) and re.fullmatch(r"https?://\w+@[^/]+/(.*/)?\d+", url)):
            raise ValueError("has to look like https://key@sentry.example/1; http:// only to this machine")
        return value

    @model_validator(mode="before")
    @classmethod
    def _choose_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        env = Environment(values["env"])
        values["database_url"] = _database_url(values.get("database_url"), env)
        values["mail_dir"] = values.get("mail_dir") or VAR / "mail"
        values["backup_dir"] = values.get("backup_dir") or VAR / "backups"
        if env is Environment.FEATURE:
            values.setdefault("cors_origins", ("http://localhost:5173",))
        return values

    @model_validator(mode="after")
    def _safe_for_people(self) -> "Settings":
        if self.env is Environment.MAIN and self.rate_limits == "off":
            raise ValueError(f"{PREFIX}RATE_LIMITS: is never off on MAIN; leave it out, or set it to on")
        if self.env in (Environment.MAIN, Environment.STAGING) and self.smtp_url:
            missing = {"url_root", "mail_from"} - self.model_fields_set
            for name in sorted(missing):
                example = {"url_root": "https://ninepanels.example", "mail_from": "no-reply@ninepanels.example"}[name]
                raise ValueError(f"{PREFIX}{name.upper()}: mails that are really sent need it, such as {example}")
        return self

    @model_validator(mode="after")
    def _strong_secret(self) -> "Settings":
        # Several instances may share a server's database, and they have to share the secret too.
        embedded = self.database_url.startswith("sqlite")
        if not self.jwt_secret.get_secret_value() and embedded:
            object.__setattr__(self, "jwt_secret", SecretStr(_own_secret(_var() / f"{self.env.lower()}.secret")))
        _check_strength("JWT_SECRET", self.jwt_secret)
        if self.jwt_secret_previous:
            _check_strength("JWT_SECRET_PREVIOUS", self.jwt_secret_previous)
        if self.jwt_secret_previous == self.jwt_secret:
            raise ValueError(
                f"{PREFIX}JWT_SECRET_PREVIOUS: has to be the secret of before the rotation, not the new one"
            )
        return self

    @cached_property
    def accepted_secrets(self) -> tuple[str, ...]:
        """What a token may be signed with: the secret, and for the time after a rotation the one before it."""
        accepted = (self.jwt_secret, self.jwt_secret_previous)
        return tuple(secret.get_secret_value() for secret in accepted if secret)


def _check_strength(name: str, secret: SecretStr) -> None:
    if len(secret.get_secret_value().encode()) < SECRET_BYTES:
        raise ValueError(
            f"{PREFIX}{name}: has to be at least {SECRET_BYTES} bytes that nobody can guess;"
            " `openssl rand -hex 32` makes one"
        )


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


def _is_url(value: str, *schemes: str) -> bool:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        return False
    return url.drivername in schemes and bool(url.host) and not url.query


def _is_private(value: str) -> bool:
    """Whether nobody on the way can read what is sent to this URL."""
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port
    except ValueError:
        return False
    if not host or port == 0 or not re.fullmatch(r"[\x21-\x7e]+", value):
        return False
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: `localhost`, or a loopback address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


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


def read_settings(env: Environment | None = None) -> Settings:
    """Read the settings of an environment, by default of this one.

    Raises:
        SettingsInvalid: one is missing or wrong.
    """
    env = env or environments.current(os.environ.get(f"{PREFIX}ENV"))
    try:
        return Settings(_env_file=environments.ROOT / f".env.{env.lower()}", env=env)
    except ValidationError as error:
        raise exceptions.SettingsInvalid(_one_line(error)) from error


def _one_line(error: ValidationError) -> str:
    """Name the first wrong setting and what would be right, without what it was set to."""
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{str(first['loc'][0]).upper()}: {message}" if first["loc"] else message


def mask(url: str) -> str:
    """Return a URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def main() -> None:
    """Say what the environment is, a setting a line, secrets masked."""
    try:
        settings = read_settings()
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)
    shown = settings.model_dump(mode="json")
    for name, value in shown.items():
        if isinstance(value, str) and "://" in value:
            shown[name] = mask(value)
    sys.stdout.writelines(f"{PREFIX}{name.upper()}={value}\n" for name, value in shown.items())


if __name__ == "__main__":
    main()
