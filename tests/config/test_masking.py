"""`./mc.sh env` prints the settings with secrets masked."""

from pathlib import Path

import pytest

from ninepanels import config
from ninepanels.config import Settings
from ninepanels.ops import settings as print_settings

from .conftest import PREVIOUS
from .conftest import SECRET
from .conftest import SERVER
from .conftest import SetVariables
from .conftest import error_message
from .conftest import printed
from .conftest import settings_of


def test_all_settings_are_printed_one_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    settings = printed(capsys)
    assert set(settings) == {f"NINEPANELS_{name.upper()}" for name in Settings.model_fields}
    assert settings["NINEPANELS_THREADS"] == "8"


def test_secrets_are_masked(capsys: pytest.CaptureFixture[str], set_variables: SetVariables) -> None:
    set_variables(DATABASE_URL=SERVER, JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS=PREVIOUS)
    settings = printed(capsys)
    assert settings["NINEPANELS_DATABASE_URL"] == "postgresql+psycopg2://ada:***@db.example.com/ninepanels"
    assert set(settings["NINEPANELS_JWT_SECRET"]) == {"*"}
    assert set(settings["NINEPANELS_JWT_SECRET_PREVIOUS"]) == {"*"}


def test_the_representation_of_settings_contains_no_secret() -> None:
    settings = settings_of(jwt_secret=SECRET, jwt_secret_previous=PREVIOUS)
    assert settings.accepted_secrets
    for secret in (SECRET, PREVIOUS):
        assert secret not in f"{settings!r} {settings} {settings.model_dump()}"


def test_a_generated_secret_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    secret = settings_of().jwt_secret.get_secret_value()
    assert secret not in str(printed(capsys))


def test_a_password_in_the_query_of_a_database_url_is_reported_without_its_value(set_variables: SetVariables) -> None:
    set_variables(DATABASE_URL="postgresql://db.example.com/ninepanels?user=ada&password=hunter2", JWT_SECRET=SECRET)
    line = error_message()
    assert line.startswith("NINEPANELS_DATABASE_URL: ")
    assert "hunter2" not in line


def test_the_printed_settings_are_a_settings_file(
    capsys: pytest.CaptureFixture[str], set_variables: SetVariables, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "MAIL_FROM": "Nine 'n' #9 <nine@example.com>",
        "CORS_ORIGINS": "https://a.example https://b.example",
        "THREADS": "3",
        "METRICS_TOKEN": "hunter2hunter2hunter2",
    }
    set_variables(**values)
    before = config.read_settings()
    print_settings.main([])
    (installation / ".env.test").write_text(capsys.readouterr().out)
    for name in values:
        monkeypatch.delenv(f"NINEPANELS_{name}")
    after = config.read_settings()
    # Secrets are comments.
    assert after.model_dump(exclude={"metrics_token"}) == before.model_dump(exclude={"metrics_token"})
    assert not after.metrics_token


def test_passwords_of_other_servers_are_masked(capsys: pytest.CaptureFixture[str], set_variables: SetVariables) -> None:
    set_variables(
        SMTP_URL="smtp://ada:hunter2@mail.example:587", RATE_LIMIT_STORAGE="redis://:hunter2@cache.example:6379/0"
    )
    settings = printed(capsys)
    assert settings["NINEPANELS_SMTP_URL"] == "smtp://ada:***@mail.example:587"
    assert settings["NINEPANELS_RATE_LIMIT_STORAGE"] == "redis://:***@cache.example:6379/0"
    assert settings["NINEPANELS_URL_ROOT"] == "http://127.0.0.1:8000/app"


def test_parameters_of_a_database_url_are_masked_unless_they_are_harmless(
    capsys: pytest.CaptureFixture[str], set_variables: SetVariables
) -> None:
    query = "sslmode=verify-full&oauth_client_secret=hunter2&options=-c%20x.y%3Dhunter2&new_in_postgresql_42=hunter2"
    set_variables(DATABASE_URL=f"{SERVER}?{query}", JWT_SECRET=SECRET)
    line = printed(capsys)["NINEPANELS_DATABASE_URL"]
    assert "sslmode=verify-full" in line
    assert "oauth_client_secret=hidden" in line
    assert "hunter2" not in line


def test_credentials_of_monitoring_are_masked(capsys: pytest.CaptureFixture[str], set_variables: SetVariables) -> None:
    set_variables(
        METRICS_TOKEN="hunter2hunter2hunter2",
        ALERT_WEBHOOK_URL="https://hooks.example/hunter2",
        SENTRY_DSN="https://hunter2@sentry.example/1",
    )
    settings = printed(capsys)
    for name in ("METRICS_TOKEN", "ALERT_WEBHOOK_URL", "SENTRY_DSN"):
        assert settings[f"NINEPANELS_{name}"] == "**********"
