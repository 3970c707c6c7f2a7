"""Settings, read from the environment variables and the file `.env.<environment>`."""

import os
import re
import secrets
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from ipaddress import ip_address
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from typing import Any
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field
from pydantic import SecretStr
from pydantic import ValidationError
from pydantic import field_validator
from pydantic import model_validator
from pydantic_settings import BaseSettings
from pydantic_settings import DotEnvSettingsSource
from pydantic_settings import NoDecode
from pydantic_settings import SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from . import environments
from . import exceptions
from . import private_files
from .environments import Environment
from .pydmodels import ClientUrl
from .pydmodels import Email
from .pydmodels import Origin
from .pydmodels import SecurityContact
from .pydmodels import Sender
from .pydmodels import Timezone

PREFIX = "NINEPANELS_"
VAR = environments.HOME / "var"
"""The directory of an installation's data: the embedded database and its secret."""

ROOT_PATH = r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+"
"""The pattern of a path prefix: no empty segment, no `.` or `..`, nothing that needs an encoding."""

OF_KUBERNETES = rf"{PREFIX}(\w+_)?(SERVICE_(HOST|PORT\w*)=.*|PORT_\d+_\w+=.*|PORT=(tcp|udp|sctp)://.*)"
"""The pattern of the variables that Kubernetes sets for each Service called `ninepanels` or `ninepanels-...`."""

MIN_SECRET_BYTES = 32
MIN_TOKEN_LENGTH = 16


class Settings(BaseSettings):
    """The settings of an installation, documented in `.env.example`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, validate_default=True)

    env: Environment
    home: Path
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    database_url: str = ""
    jwt_secret: SecretStr = SecretStr("")
    jwt_secret_previous: SecretStr = SecretStr("")
    access_token_days: Annotated[int, Field(ge=1, le=366)] = 30
    access_token_idle_days: Annotated[int, Field(ge=1, le=366)] = 60
    password_reset_minutes: Annotated[int, Field(ge=1, le=1_440)] = 30
    url_root: ClientUrl = "http://127.0.0.1:8000/app"
    app_url: ClientUrl
    cors_origins: Annotated[tuple[Origin, ...], NoDecode] = ()
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ("*",)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    root_path: str = ""
    smtp_url: str = ""
    mail_dir: Path = Path()
    mail_from: Sender = "Nine Panels <no-reply@localhost>"
    security_contact: SecurityContact = ""
    admin_mfa: Literal["on", "off"] = "off"
    rate_limits: Literal["on", "off"] = "on"
    rate_limit_storage: str = "memory"
    default_timezone: Timezone = "UTC"
    metrics_token: SecretStr = SecretStr("")
    alert_emails: Annotated[tuple[Email, ...], NoDecode] = ()
    alert_webhook_url: SecretStr = SecretStr("")
    sentry_dsn: SecretStr = SecretStr("")
    timings_keep_days: Annotated[int, Field(ge=1, le=3_660)] = 30
    threads: Annotated[int, Field(ge=1, le=100)] = 8
    max_streams: Annotated[int, Field(ge=0, le=50_000)] = 2_000
    backup_dir: Path = Path()

    @field_validator("cors_origins", "trusted_hosts", "trusted_proxies", "alert_emails", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("trusted_hosts")
    @classmethod
    def _validate_hosts(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if not values or not all(re.fullmatch(r"\*|(\*\.)?[A-Za-z0-9.-]+", value) for value in values):
            raise ValueError("must be host names such as api.ninepanels.example or *.ninepanels.example, or * for any")
        return values

    @field_validator("trusted_proxies")
    @classmethod
    def _validate_networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(value, strict=False)) for value in values)
        except ValueError as error:
            raise ValueError("must be IP addresses or networks, such as 10.0.0.7 or 10.0.0.0/8") from error

    @field_validator("root_path")
    @classmethod
    def _validate_root_path(cls, value: str) -> str:
        if value not in ("", "/") and not re.fullmatch(ROOT_PATH, value):
            raise ValueError("must be a path such as /habits, without a slash at the end; letters, digits and . _ ~ -")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _validate_smtp_url(cls, value: str) -> str:
        if value and not _is_url(value, "smtp", "smtps"):
            raise ValueError("must be a URL such as smtp://user:password@host:587, or smtps:// for implicit TLS")
        return value

    @field_validator("rate_limit_storage")
    @classmethod
    def _validate_storage(cls, value: str) -> str:
        if value != "memory" and not _is_url(value, "redis", "rediss"):
            raise ValueError("must be memory, or a URL such as redis://:password@host:6379/0")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _validate_token(cls, value: SecretStr) -> SecretStr:
        if value and not re.fullmatch(rf"[\x21-\x7e]{{{MIN_TOKEN_LENGTH},}}", value.get_secret_value()):
            raise ValueError(
                f"must have at least {MIN_TOKEN_LENGTH} ASCII characters; `openssl rand -hex 32` generates one"
            )
        return value

    @field_validator("alert_webhook_url")
    @classmethod
    def _validate_webhook_url(cls, value: SecretStr) -> SecretStr:
        if value and not _is_private(value.get_secret_value()):
            raise ValueError("must be a URL such as https://hooks.example/path; http:// only for this machine")
        return value

    @field_validator("sentry_dsn")
    @classmethod
    def _validate_dsn(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and not (_is_private(url) and re.fullmatch(r"https?://\w+@[^/]+/(.*/)?\d+", url)):
            raise ValueError("must be a DSN such as https://key@sentry.example/1; http:// only for this machine")
        return value

    @model_validator(mode="before")
    @classmethod
    def _set_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        env = Environment(values["env"])
        values["home"] = environments.HOME  # not from the settings file, which is in it
        values["database_url"] = _database_url(values.get("database_url"), env)
        values["app_url"] = values.get("app_url") or values.get("url_root") or cls.model_fields["url_root"].default
        values["mail_dir"] = values.get("mail_dir") or VAR / "mail"
        values["backup_dir"] = values.get("backup_dir") or VAR / "backups"
        if env is Environment.FEATURE:
            values.setdefault("cors_origins", ("http://localhost:5173",))
        return values

    @model_validator(mode="after")
    def _validate_environment(self) -> "Settings":
        if self.env is Environment.MAIN and self.rate_limits == "off":
            raise ValueError(f"{PREFIX}RATE_LIMITS: must be on, the default, in the environment MAIN")
        if self.env in (Environment.MAIN, Environment.STAGING) and self.smtp_url:
            missing = {"url_root", "mail_from"} - self.model_fields_set
            for name in sorted(missing):
                example = {"url_root": "https://ninepanels.example", "mail_from": "no-reply@ninepanels.example"}[name]
                raise ValueError(
                    f"{PREFIX}{name.upper()}: required when SMTP_URL is set on MAIN or STAGING, for example {example}"
                )
        return self

    @model_validator(mode="after")
    def _validate_secrets(self) -> "Settings":
        # Generated only for the embedded database: instances that share a server database must share one secret.
        embedded = self.database_url.startswith("sqlite")
        if not self.jwt_secret.get_secret_value() and embedded:
            object.__setattr__(self, "jwt_secret", SecretStr(_generated_secret(_var() / f"{self.env.lower()}.secret")))
        _check_strength("JWT_SECRET", self.jwt_secret)
        if self.jwt_secret_previous:
            _check_strength("JWT_SECRET_PREVIOUS", self.jwt_secret_previous)
        if self.jwt_secret_previous == self.jwt_secret:
            raise ValueError(f"{PREFIX}JWT_SECRET_PREVIOUS: must be the secret before the rotation, not the new one")
        return self

    @property
    def may_be_proxied(self) -> bool:
        """Whether requests may come from a proxy. On MAIN they usually do, even if no setting says so."""
        return self.env is Environment.MAIN or bool(self.trusted_proxies or self.root_path)

    @property
    def warnings(self) -> list[str]:
        """What the settings permit on MAIN although it is better refused: one line each."""
        if self.env is Environment.MAIN and "*" in self.trusted_hosts:
            return [f"{PREFIX}TRUSTED_HOSTS: any host is answered; set it to the names of this service and 127.0.0.1"]
        return []

    @property
    def verifies_emails(self) -> bool:
        """Whether users have to open a link in a mail. Without a mail server, e-mails count as verified."""
        return bool(self.smtp_url)

    @cached_property
    def accepted_secrets(self) -> tuple[str, ...]:
        """The secrets that verify a token: the current one and, during a rotation, the previous one."""
        accepted = (self.jwt_secret, self.jwt_secret_previous)
        return tuple(secret.get_secret_value() for secret in accepted if secret)


def _check_strength(name: str, secret: SecretStr) -> None:
    if len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
        raise ValueError(
            f"{PREFIX}{name}: must be at least {MIN_SECRET_BYTES} random bytes; `openssl rand -hex 32` generates one"
        )


def _database_url(given: str | None, env: Environment) -> str:
    """Return the database URL including the driver. Without `given`, return the URL of the embedded database."""
    if not given:
        return f"sqlite:///{_var() / f'{env.lower()}.db'}"
    message = f"{PREFIX}DATABASE_URL: must be postgresql://user:password@host/name or sqlite:////path/to/file.db"
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:
        raise ValueError(message) from error
    # A password belongs before the host: programs that get the URL without its password would get one in the query.
    if {"password", "passfile", "sslpassword"} & set(url.query):
        raise ValueError(message)
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg2"):
        url = url.set(drivername="postgresql+psycopg2")
    elif url.drivername != "sqlite" or url.query or url.database in (None, "", ":memory:"):
        raise ValueError(message)
    return url.render_as_string(hide_password=False)


def _is_url(value: str, *schemes: str) -> bool:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        return False
    return url.drivername in schemes and bool(url.host) and not url.query


def _is_private(value: str) -> bool:
    """Return whether requests to this URL are encrypted or stay on this machine."""
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port
    except ValueError:
        return False
    if not host or port == 0 or not re.fullmatch(r"[\x21-\x7e]+", value):
        return False
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Return whether a host is `localhost` or a loopback address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _var() -> Path:
    private_files.make_folder(VAR)
    return VAR


def _generated_secret(path: Path) -> str:
    """Return the secret in `path`. The first call generates the secret; concurrent calls return the same secret.

    Raises:
        ValueError: the file cannot be read or written, or is damaged.
    """
    try:
        secret = read_or_generate(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise ValueError(f"{PREFIX}JWT_SECRET: the secret cannot be kept in {path}: {reason}") from error
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"{PREFIX}JWT_SECRET: {path} is damaged: put it back from a copy, or delete it to log out all")
    return secret


def read_or_generate(path: Path) -> str:
    """Return the secret in a file. If there is none, generate one; concurrent calls return the same secret."""
    if not path.exists():
        private_files.make_folder(path.parent)
        private_files.write_once(path, secrets.token_hex(MIN_SECRET_BYTES).encode())
    return path.read_text().strip()


def read_settings() -> Settings:
    """Read the settings of the current environment.

    Raises:
        SettingsInvalid: a setting is missing or invalid.
    """
    return _read(environments.current(os.environ.get(f"{PREFIX}ENV")))


def read_database_url(env: Environment) -> str:
    """Read the URL of the database of an environment, without generating its secret; raises as `read_settings`."""
    return _read(env, jwt_secret=SecretStr("unused".ljust(MIN_SECRET_BYTES))).database_url


def _read(env: Environment, **given: Any) -> Settings:
    file = environments.HOME / f".env.{env.lower()}"
    try:
        _require_known({**os.environ, **DotEnvSettingsSource(Settings, env_file=file).env_vars})
        return Settings(_env_file=file, env=env, **given)
    except ValidationError as error:
        raise exceptions.SettingsInvalid(_one_line(error)) from error
    except UnicodeDecodeError as error:
        raise exceptions.SettingsInvalid(f"{file} is not a text file in UTF-8.") from error
    except OSError as error:
        raise exceptions.SettingsInvalid(f"{error.filename or file} cannot be used: {error.strerror}.") from error


def _require_known(variables: Mapping[str, str | None]) -> None:
    """Require that each variable with the prefix is a setting, or one of those that Kubernetes sets.

    Raises:
        SettingsInvalid: a name is not a setting; `detail` suggests the nearest.
    """
    settings = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name, value in sorted(variables.items()):
        is_ours = name.upper().startswith(PREFIX) and not re.fullmatch(OF_KUBERNETES, f"{name}={value}")
        if is_ours and name.upper() not in settings:
            (nearest,) = get_close_matches(name.upper(), settings, n=1, cutoff=0)
            raise exceptions.SettingsInvalid(f"{name.upper()}: there is no such setting; the nearest is {nearest}.")


def _one_line(error: ValidationError) -> str:
    """Return the name of the first invalid setting and what is valid. Leave out the value, which may be a secret."""
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{str(first['loc'][0]).upper()}: {message}" if first["loc"] else message
