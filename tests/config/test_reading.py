"""Settings are read from environment variables and files, and validated."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ninepanels import config
from ninepanels.environments import Environment

from .conftest import SECRET
from .conftest import SetVariables
from .conftest import error_message
from .conftest import settings_of


def test_all_settings_except_the_environment_have_defaults(installation: Path) -> None:
    settings = config.read_settings()
    assert settings.env is Environment.TEST
    assert settings.database_url == f"sqlite:///{installation}/var/test.db"
    assert (settings.log_level, settings.log_format, settings.default_timezone) == ("INFO", "text", "UTC")


def test_settings_are_read_from_environment_variables(set_variables: SetVariables) -> None:
    set_variables(THREADS="3", LOG_FORMAT="json", DEFAULT_TIMEZONE="Europe/Berlin")
    settings = config.read_settings()
    assert (settings.threads, settings.log_format, settings.default_timezone) == (3, "json", "Europe/Berlin")


def test_settings_are_read_from_the_file_of_the_environment(installation: Path) -> None:
    (installation / ".env.test").write_text("NINEPANELS_THREADS=3\n")
    (installation / ".env.main").write_text("NINEPANELS_THREADS=4\n")
    assert config.read_settings().threads == 3


def test_environment_variables_override_the_file(installation: Path, set_variables: SetVariables) -> None:
    (installation / ".env.test").write_text("NINEPANELS_THREADS=3\n")
    set_variables(THREADS="5")
    assert config.read_settings().threads == 5


def test_settings_are_immutable() -> None:
    settings = config.read_settings()
    with pytest.raises(ValidationError):
        settings.threads = 9  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "PRODUCTION"),
        ("ENV", ""),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("DATABASE_URL", "nonsense-hunter2"),
        ("DATABASE_URL", "mysql://ada:hunter2@db/ninepanels"),
        ("DATABASE_URL", "sqlite+aiosqlite:////tmp/hunter2.db"),
        ("JWT_SECRET", "hunter2-hunter2"),
        ("ACCESS_TOKEN_DAYS", "0"),
        ("ACCESS_TOKEN_DAYS", "367"),
        ("ACCESS_TOKEN_DAYS", "soon"),
        ("ACCESS_TOKEN_IDLE_DAYS", "0"),
        ("ACCESS_TOKEN_IDLE_DAYS", "367"),
        ("DEFAULT_TIMEZONE", "Mars/Olympus_Mons"),
        ("DEFAULT_TIMEZONE", ""),
        ("DEFAULT_TIMEZONE", "../../etc/passwd"),
        ("ADMIN_MFA", "yes"),
        ("THREADS", "0"),
        ("THREADS", "101"),
        ("THREADS", "1.5"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_line(name: str, value: str, set_variables: SetVariables) -> None:
    set_variables(**{name: value})
    assert error_message().startswith(f"NINEPANELS_{name}: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JWT_SECRET", "hunter2-hunter2"),
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "mysql://ada:hunter2@db/ninepanels"),
    ],
)
def test_the_value_of_an_invalid_secret_is_not_reported(name: str, value: str, set_variables: SetVariables) -> None:
    set_variables(**{name: value})
    assert "hunter2" not in error_message()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hunter2@db:port/ninepanels",
        "postgresql://ada:swordfish@hun:ter2hunter2@db/ninepanels",
        "postgresql://ada:a@b:hunter2/c@db/ninepanels",
    ],
)
def test_a_database_url_with_an_invalid_port_is_reported_without_its_value(
    url: str, set_variables: SetVariables
) -> None:
    set_variables(DATABASE_URL=url, JWT_SECRET=SECRET)
    line = error_message()
    assert line.startswith("NINEPANELS_DATABASE_URL: ")
    assert "hunter2" not in line


def test_an_unknown_setting_is_an_error_that_names_the_nearest(set_variables: SetVariables) -> None:
    set_variables(LOG_LEVL="DEBUG")
    assert error_message() == "NINEPANELS_LOG_LEVL: there is no such setting; the nearest is NINEPANELS_LOG_LEVEL."


def test_an_unknown_setting_in_the_file_is_an_error(installation: Path) -> None:
    (installation / ".env.test").write_text("NINEPANELS_THREAD=3\nOTHER=4\n")
    assert error_message().endswith("the nearest is NINEPANELS_THREADS.")


def test_variables_of_kubernetes_are_no_settings(set_variables: SetVariables) -> None:
    set_variables(SERVICE_HOST="10.0.0.1", SERVICE_PORT="80", PORT="tcp://10.0.0.1:80", PORT_80_TCP_ADDR="10.0.0.1")
    set_variables(DB_SERVICE_HOST="10.0.0.2", DB_PORT="tcp://10.0.0.2:5432", DNS_PORT="udp://10.0.0.3:53")
    assert config.read_settings()
    set_variables(PORT="8080")
    assert error_message().startswith("NINEPANELS_PORT: ")


@pytest.mark.parametrize("contents", [b"NINEPANELS_MAIL_FROM=\xff", None])
def test_a_file_that_cannot_be_read_is_reported_in_one_line(installation: Path, contents: bytes | None) -> None:
    file = installation / ".env.test"
    if contents is None:
        file.symlink_to("/proc/self/mem")
    else:
        file.write_bytes(contents)
    assert str(file) in error_message()


# --- CORS and the time zone -----------------------------------------------------------------------------------------


def test_feature_allows_the_local_client() -> None:
    assert settings_of(Environment.FEATURE).cors_origins == ("http://localhost:5173",)


@pytest.mark.parametrize("env", [Environment.STAGING, Environment.MAIN, Environment.TEST])
def test_other_environments_allow_no_other_origin(env: Environment) -> None:
    assert settings_of(env).cors_origins == ()


def test_the_origins_of_feature_can_be_overridden(set_variables: SetVariables) -> None:
    set_variables(ENV="FEATURE", CORS_ORIGINS="")
    assert config.read_settings().cors_origins == ()


@pytest.mark.parametrize(
    "origins",
    [
        "https://a.example.com,https://b.example.com",
        " https://a.example.com , https://b.example.com ,",
        "https://a.example.com https://b.example.com",
    ],
)
def test_origins_are_separated_by_commas_or_spaces(origins: str, set_variables: SetVariables) -> None:
    set_variables(CORS_ORIGINS=origins)
    assert config.read_settings().cors_origins == ("https://a.example.com", "https://b.example.com")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Argentina/Buenos_Aires"])
def test_any_iana_time_zone_can_be_the_default(zone: str) -> None:
    assert settings_of(default_timezone=zone).default_timezone == zone
