"""Settings of mail, rate limits, proxies and monitoring."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ninepanels import config
from ninepanels.environments import Environment

from .conftest import SetVariables
from .conftest import error_message
from .conftest import settings_of


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD_RESET_MINUTES", "0"),
        ("PASSWORD_RESET_MINUTES", "1441"),
        ("URL_ROOT", "ninepanels.example"),
        ("URL_ROOT", "javascript://ninepanels.example"),
        ("URL_ROOT", "https://ninepanels.example?x=1"),
        ("URL_ROOT", "https://ada:hunter2@ninepanels.example"),
        ("SMTP_URL", "mail.example"),
        ("SMTP_URL", "http://ada:hunter2@mail.example"),
        ("SMTP_URL", "smtp://ada:hunter2@mail.example:port"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.example?password=hunter2"),
        ("MAIL_FROM", "Nine Panels"),
        ("MAIL_FROM", "Nine Panels <nine@example.com>\nBcc: eve@example.com"),
        ("SECURITY_CONTACT", "security@ninepanels.example"),
        ("SECURITY_CONTACT", "mailto:"),
        ("SECURITY_CONTACT", "mailto:hunter2"),
        ("SECURITY_CONTACT", "mailto:a@ninepanels.example?cc=hunter2"),
        ("SECURITY_CONTACT", "mailto:a@ninepanels.example\nPolicy: hunter2"),
        ("SECURITY_CONTACT", "mailto:a@ninepanels.example\n"),
        ("SECURITY_CONTACT", "http://ninepanels.example/report"),
        ("SECURITY_CONTACT", "https://"),
        ("SECURITY_CONTACT", "https://ada:hunter2@ninepanels.example"),
        ("SECURITY_CONTACT", "https://ninepanels.example/re port"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("ROOT_PATH", "habits"),
        ("ROOT_PATH", "//habits"),
        ("ROOT_PATH", "/habits/"),
        ("ROOT_PATH", "/../habits"),
        ("ROOT_PATH", "https://ninepanels.example/habits"),
        ("TRUSTED_HOSTS", "https://ninepanels.example"),
        ("TRUSTED_HOSTS", "api.*.example"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "https://ninepanels.example, *"),
        ("CORS_ORIGINS", "https://*.ninepanels.example"),
        ("CORS_ORIGINS", "ninepanels.example"),
        ("CORS_ORIGINS", "//ninepanels.example"),
        ("CORS_ORIGINS", "https://"),
        ("CORS_ORIGINS", "https://ninepanels.example/"),
        ("CORS_ORIGINS", "https://ninepanels.example/app"),
        ("CORS_ORIGINS", "https://ninepanels.example?x=1"),
        ("CORS_ORIGINS", "https://ada:hunter2@ninepanels.example"),
        ("CORS_ORIGINS", "https://Ninepanels.example"),
        ("CORS_ORIGINS", "https://ninepanels.example:443"),
        ("CORS_ORIGINS", "http://ninepanels.example:80"),
        ("CORS_ORIGINS", "https://ninepanels.example:port"),
        ("CORS_ORIGINS", "https://ninepänels.example"),
        ("RATE_LIMITS", "sometimes"),
        ("RATE_LIMIT_STORAGE", "disk"),
        ("RATE_LIMIT_STORAGE", "memcached://:hunter2@cache.example"),
    ],
)
def test_an_invalid_setting_of_a_service_is_reported_without_its_value(
    name: str, value: str, set_variables: SetVariables
) -> None:
    set_variables(**{name: value})
    line = error_message()
    assert line.startswith(f"NINEPANELS_{name}: ")
    assert "hunter2" not in line


@pytest.mark.parametrize("url", ["https://ninepanels.example", "https://ninepanels.example/", "http://localhost:5173"])
def test_the_url_root_has_no_trailing_slash(url: str) -> None:
    assert settings_of(url_root=url).url_root == url.rstrip("/")


@pytest.mark.parametrize("path", ["", "/", "/habits", "/sites/habits-2.0"])
def test_the_root_path_is_empty_or_a_path_without_a_slash_at_the_end(path: str) -> None:
    assert settings_of(root_path=path).root_path == path.rstrip("/")


@pytest.mark.parametrize(
    "url", ["", "smtp://mail.example", "smtp://ada:p%40ss@mail.example:587", "smtps://ada:x@[2001:db8::1]:465"]
)
def test_valid_smtp_urls_are_accepted(url: str) -> None:
    assert settings_of(smtp_url=url).smtp_url == url


@pytest.mark.parametrize(
    "contact", ["", "mailto:a@ninepanels.example", "https://ninepanels.example/report?by=web#form"]
)
def test_the_security_contact_is_an_address_or_a_page(contact: str) -> None:
    assert settings_of(security_contact=contact).security_contact == contact


def test_trusted_proxies_are_addresses_and_networks(set_variables: SetVariables) -> None:
    set_variables(TRUSTED_PROXIES="10.0.0.7, 192.168.1.1/16 2001:db8::1")
    assert config.read_settings().trusted_proxies == ("10.0.0.7/32", "192.168.0.0/16", "2001:db8::1/128")


def test_trusted_hosts_are_names_and_wildcards(set_variables: SetVariables) -> None:
    assert config.read_settings().trusted_hosts == ("*",)
    set_variables(TRUSTED_HOSTS="ninepanels.example, *.ninepanels.example")
    assert config.read_settings().trusted_hosts == ("ninepanels.example", "*.ninepanels.example")


def test_origins_have_a_scheme_a_host_and_possibly_a_port(set_variables: SetVariables) -> None:
    origins = ("https://ninepanels.example", "http://localhost:5173", "http://[::1]:8080", "capacitor://localhost")
    set_variables(CORS_ORIGINS=" ".join(origins))
    assert config.read_settings().cors_origins == origins


def test_any_host_is_warned_of_on_main() -> None:
    assert config.read_settings().warnings == []
    assert [line.partition(":")[0] for line in settings_of(Environment.MAIN).warnings] == ["NINEPANELS_TRUSTED_HOSTS"]
    assert settings_of(Environment.MAIN, trusted_hosts=("ninepanels.example",)).warnings == []


@pytest.mark.parametrize(("given", "expected"), [("", "var/mail"), ("spool", "spool")])
def test_the_mail_directory_has_a_default(
    given: str, expected: str, installation: Path, set_variables: SetVariables
) -> None:
    set_variables(MAIL_DIR=str(installation / given) if given else "")
    assert config.read_settings().mail_dir == installation / expected


@pytest.mark.parametrize(("given", "expected"), [("", "var/backups"), ("elsewhere", "elsewhere")])
def test_the_backup_directory_has_a_default(
    given: str, expected: str, installation: Path, set_variables: SetVariables
) -> None:
    set_variables(BACKUP_DIR=str(installation / given) if given else "")
    assert config.read_settings().backup_dir == installation / expected


def test_rate_limits_are_on_by_default() -> None:
    assert settings_of().rate_limits == "on"


def test_rate_limits_cannot_be_off_on_main() -> None:
    assert settings_of(Environment.STAGING, rate_limits="off").rate_limits == "off"
    with pytest.raises(ValidationError, match="NINEPANELS_RATE_LIMITS: must be on"):
        settings_of(Environment.MAIN, rate_limits="off")


MAIL = {"smtp_url": "smtp://mail.example", "url_root": "https://nine.example", "mail_from": "nine@nine.example"}


@pytest.mark.parametrize("env", [Environment.MAIN, Environment.STAGING])
@pytest.mark.parametrize("missing", ["url_root", "mail_from"])
def test_sending_mail_on_main_and_staging_requires_url_root_and_sender(env: Environment, missing: str) -> None:
    assert settings_of(env, **MAIL).smtp_url == MAIL["smtp_url"]
    with pytest.raises(ValidationError, match=f"NINEPANELS_{missing.upper()}: "):
        settings_of(env, **{name: value for name, value in MAIL.items() if name != missing})


def test_sending_mail_elsewhere_requires_no_other_setting() -> None:
    assert settings_of(smtp_url=MAIL["smtp_url"]).url_root == "http://127.0.0.1:8000/app"


# --- Monitoring -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("METRICS_TOKEN", "hunter2"),
        ("METRICS_TOKEN", "hunter2 hunter2 hunter2"),
        ("METRICS_TOKEN", "hunter2hunter2hunter2ü"),
        ("ALERT_EMAILS", "hunter2"),
        ("ALERT_EMAILS", "ops@ninepanels.example, hunter2"),
        ("ALERT_WEBHOOK_URL", "hunter2"),
        ("ALERT_WEBHOOK_URL", "http://hooks.example/hunter2"),
        ("ALERT_WEBHOOK_URL", "http://127.0.0.1.hooks.example/hunter2"),
        ("ALERT_WEBHOOK_URL", "http://localhost.example/hunter2"),
        ("ALERT_WEBHOOK_URL", "http://127.0.0.1@hooks.example/hunter2"),
        ("ALERT_WEBHOOK_URL", "ftp://hooks.example/hunter2"),
        ("ALERT_WEBHOOK_URL", "https://"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example:port/hunter2"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example/hunter2\nX: y"),
        ("SENTRY_DSN", "https://sentry.example/1"),
        ("SENTRY_DSN", "http://hunter2@sentry.example/1"),
        ("SENTRY_DSN", "https://hunter2@sentry.example/project"),
        ("TIMINGS_KEEP_DAYS", "0"),
        ("TIMINGS_KEEP_DAYS", "3661"),
    ],
)
def test_an_invalid_setting_of_monitoring_is_reported_without_its_value(
    name: str, value: str, set_variables: SetVariables
) -> None:
    set_variables(**{name: value})
    line = error_message()
    assert line.startswith(f"NINEPANELS_{name}: ")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/T000/B000?key=1",
        "https://hooks.example:8443",
        "http://localhost:9000/hook",
        "http://127.8.8.8/",
        "http://[::1]:9000/",
        "",
    ],
)
def test_webhooks_use_https_or_a_loopback_address(url: str, set_variables: SetVariables) -> None:
    set_variables(ALERT_WEBHOOK_URL=url)
    assert config.read_settings().alert_webhook_url.get_secret_value() == url


def test_several_alert_addresses_are_accepted(set_variables: SetVariables) -> None:
    set_variables(ALERT_EMAILS="Ops@Ninepanels.example, ada@example.com")
    assert config.read_settings().alert_emails == ("ops@ninepanels.example", "ada@example.com")


def test_monitoring_requires_no_setting() -> None:
    settings = settings_of()
    chosen = (settings.metrics_token, settings.alert_emails, settings.alert_webhook_url, settings.sentry_dsn)
    assert not any(chosen)
    assert settings.timings_keep_days == 30
