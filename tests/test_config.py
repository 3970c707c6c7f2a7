"""Settings, right and wrong."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ninepanels import config
from ninepanels import environments
from ninepanels import exceptions
from ninepanels.config import Settings
from ninepanels.environments import Environment

SECRET = "0123456789abcdef0123456789abcdef"
PREVIOUS = "fedcba9876543210fedcba9876543210"
SERVER = "postgresql://ada:hunter2@db.example.com/ninepanels"

SetUp = Callable[..., None]


@pytest.fixture(autouse=True)
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of its own outside any checkout, and nothing in the environment but its name."""
    for name in list(os.environ):
        if name.upper().startswith(config.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NINEPANELS_ENV", "TEST")
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(config, "VAR", tmp_path / "var")
    return tmp_path


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> SetUp:
    def set_up(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"NINEPANELS_{name}", value)

    return set_up


def complaint() -> str:
    with pytest.raises(exceptions.SettingsInvalid) as caught:
        config.read_settings()
    assert len(caught.value.detail.splitlines()) == 1
    return caught.value.detail


def settings_of(env: Environment = Environment.TEST, **values: Any) -> Settings:
    return Settings(env=env, **values)


# --- Reading --------------------------------------------------------------------------------------------------------


def test_an_installation_needs_no_setting_but_its_name(installation: Path) -> None:
    settings = config.read_settings()
    assert settings.env is Environment.TEST
    assert settings.database_url == f"sqlite:///{installation}/var/test.db"
    assert (settings.log_level, settings.log_format, settings.default_timezone) == ("INFO", "text", "UTC")


def test_settings_come_from_the_environment(set_up: SetUp) -> None:
    set_up(THREADS="3", LOG_FORMAT="json", DEFAULT_TIMEZONE="Europe/Berlin")
    settings = config.read_settings()
    assert (settings.threads, settings.log_format, settings.default_timezone) == (3, "json", "Europe/Berlin")


def test_settings_come_from_the_file_of_the_environment(installation: Path) -> None:
    (installation / ".env.test").write_text("NINEPANELS_THREADS=3\n")
    (installation / ".env.main").write_text("NINEPANELS_THREADS=4\n")
    assert config.read_settings().threads == 3


def test_the_environment_outranks_the_file(installation: Path, set_up: SetUp) -> None:
    (installation / ".env.test").write_text("NINEPANELS_THREADS=3\n")
    set_up(THREADS="5")
    assert config.read_settings().threads == 5


def test_settings_cannot_be_changed_afterwards() -> None:
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
        ("DEFAULT_TIMEZONE", "Mars/Olympus_Mons"),
        ("DEFAULT_TIMEZONE", ""),
        ("DEFAULT_TIMEZONE", "../../etc/passwd"),
        ("THREADS", "0"),
        ("THREADS", "101"),
        ("THREADS", "1.5"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(name: str, value: str, set_up: SetUp) -> None:
    set_up(**{name: value})
    assert complaint().startswith(f"NINEPANELS_{name}: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JWT_SECRET", "hunter2-hunter2"),
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "mysql://ada:hunter2@db/ninepanels"),
    ],
)
def test_a_wrong_secret_is_not_repeated(name: str, value: str, set_up: SetUp) -> None:
    set_up(**{name: value})
    assert "hunter2" not in complaint()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hunter2@db:port/ninepanels",
        "postgresql://ada:swordfish@hun:ter2hunter2@db/ninepanels",
        "postgresql://ada:a@b:hunter2/c@db/ninepanels",
    ],
)
def test_a_database_url_with_a_wrong_port_is_named_and_not_repeated(url: str, set_up: SetUp) -> None:
    set_up(DATABASE_URL=url, JWT_SECRET=SECRET)
    line = complaint()
    assert line.startswith("NINEPANELS_DATABASE_URL: ")
    assert "hunter2" not in line


# --- The database ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_way_to_say_postgresql_means_psycopg2(scheme: str) -> None:
    settings = settings_of(database_url=f"{scheme}://ada:hunter2@db.example.com/ninepanels", jwt_secret=SECRET)
    assert settings.database_url == "postgresql+psycopg2://ada:hunter2@db.example.com/ninepanels"


def test_the_rest_of_a_database_url_is_kept() -> None:
    url = "postgresql+psycopg2://ada:p%40ss%2Fword@db.example.com:6543/ninepanels?sslmode=require"
    assert settings_of(database_url=url, jwt_secret=SECRET).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///?cache=shared",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_a_database_that_would_be_forgotten_is_refused(url: str, set_up: SetUp) -> None:
    set_up(DATABASE_URL=url)
    assert complaint().startswith("NINEPANELS_DATABASE_URL: ")


@pytest.mark.parametrize("env", list(Environment))
def test_each_environment_has_an_embedded_database_of_its_own(env: Environment, installation: Path) -> None:
    assert settings_of(env).database_url == f"sqlite:///{installation}/var/{env.lower()}.db"


def test_an_empty_database_url_means_the_embedded_one(set_up: SetUp) -> None:
    set_up(DATABASE_URL="")
    assert config.read_settings().database_url.endswith("/var/test.db")


def test_the_folder_of_an_installation_is_its_owners_alone(installation: Path) -> None:
    config.read_settings()
    assert stat.S_IMODE((installation / "var").stat().st_mode) == 0o700


# --- The secret -----------------------------------------------------------------------------------------------------


def test_a_server_database_demands_a_secret(set_up: SetUp) -> None:
    set_up(DATABASE_URL=SERVER)
    assert complaint().startswith("NINEPANELS_JWT_SECRET: has to be at least 32 bytes")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        (SERVER, "x" * 31),
        (SERVER, ""),
        (SERVER, "ü" * 15),
        ("sqlite:////tmp/never-opened.db", "x" * 31),
        ("sqlite:////tmp/never-opened.db", "ü" * 15),
    ],
)
def test_a_short_secret_is_refused(url: str, secret: str, set_up: SetUp) -> None:
    set_up(DATABASE_URL=url, JWT_SECRET=secret)
    assert complaint().startswith("NINEPANELS_JWT_SECRET: ")


@pytest.mark.parametrize("secret", ["x" * 32, "ü" * 16])
def test_a_secret_of_32_bytes_is_long_enough(secret: str) -> None:
    assert settings_of(database_url=SERVER, jwt_secret=secret).jwt_secret.get_secret_value() == secret


def test_a_secret_that_is_given_is_kept_nowhere(installation: Path) -> None:
    settings_of(jwt_secret=SECRET)
    assert not list(installation.glob("**/*.secret"))


def test_after_a_rotation_two_secrets_are_accepted_the_new_one_first(set_up: SetUp) -> None:
    assert settings_of(jwt_secret=SECRET).accepted_secrets == (SECRET,)
    set_up(JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS=PREVIOUS)
    assert config.read_settings().accepted_secrets == (SECRET, PREVIOUS)


def test_a_previous_secret_stands_beside_the_own_one_too(set_up: SetUp) -> None:
    set_up(JWT_SECRET_PREVIOUS=PREVIOUS)
    settings = config.read_settings()
    assert settings.accepted_secrets == (settings.jwt_secret.get_secret_value(), PREVIOUS)


@pytest.mark.parametrize("previous", ["hunter2-hunter2", "ü" * 15, SECRET])
def test_a_previous_secret_that_is_short_or_no_other_is_refused_and_not_repeated(previous: str, set_up: SetUp) -> None:
    set_up(JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS=previous)
    line = complaint()
    assert line.startswith("NINEPANELS_JWT_SECRET_PREVIOUS: ")
    assert previous not in line


def test_an_embedded_database_gets_a_secret_of_its_own(installation: Path) -> None:
    secret = settings_of().jwt_secret.get_secret_value()
    assert len(bytes.fromhex(secret)) == 32
    assert (installation / "var" / "test.secret").read_text() == secret


def test_the_own_secret_is_made_once() -> None:
    assert settings_of().jwt_secret == settings_of().jwt_secret


def test_the_own_secrets_of_two_environments_differ() -> None:
    assert settings_of(Environment.TEST).jwt_secret != settings_of(Environment.FEATURE).jwt_secret


def test_nobody_else_can_read_the_own_secret(installation: Path) -> None:
    settings_of()
    assert stat.S_IMODE((installation / "var" / "test.secret").stat().st_mode) == 0o600


def test_nothing_is_left_of_making_the_own_secret(installation: Path) -> None:
    settings_of()
    settings_of()
    assert [path.name for path in (installation / "var").iterdir()] == ["test.secret"]


def test_processes_that_start_at_once_agree_on_the_own_secret(installation: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ninepanels import config; config.VAR = Path(sys.argv[1]);"
        "sys.stdin.read(); sys.stdout.write(config.Settings(env='TEST').jwt_secret.get_secret_value())"
    )
    project = Path(config.__file__).resolve().parent.parent
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(installation / "var")],
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    # Each is let go when its input ends, so that they read their settings together.
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    secrets = [process.communicate(timeout=30)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3
    assert secrets == [settings_of().jwt_secret.get_secret_value()] * 3


def test_threads_that_start_at_once_agree_on_the_own_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two containers with one volume are the same case: each of them is process 1."""
    start = threading.Barrier(8)

    def read() -> str:
        start.wait(10)
        return settings_of().jwt_secret.get_secret_value()

    with ThreadPoolExecutor(8) as pool:
        for attempt in range(20):
            monkeypatch.setattr(config, "VAR", tmp_path / str(attempt))
            secrets = {reading.result() for reading in [pool.submit(read) for _ in range(8)]}
            assert len(secrets) == 1


# --- CORS and the time zone -----------------------------------------------------------------------------------------


def test_a_feature_branch_lets_the_local_client_in() -> None:
    assert settings_of(Environment.FEATURE).cors_origins == ("http://localhost:5173",)


@pytest.mark.parametrize("env", [Environment.STAGING, Environment.MAIN, Environment.TEST])
def test_nowhere_else_is_a_foreign_client_let_in(env: Environment) -> None:
    assert settings_of(env).cors_origins == ()


def test_a_feature_branch_can_be_told_otherwise(set_up: SetUp) -> None:
    set_up(ENV="FEATURE", CORS_ORIGINS="")
    assert config.read_settings().cors_origins == ()


@pytest.mark.parametrize(
    "origins",
    [
        "https://a.example.com,https://b.example.com",
        " https://a.example.com , https://b.example.com ,",
        "https://a.example.com https://b.example.com",
    ],
)
def test_origins_are_separated_by_commas_or_spaces(origins: str, set_up: SetUp) -> None:
    set_up(CORS_ORIGINS=origins)
    assert config.read_settings().cors_origins == ("https://a.example.com", "https://b.example.com")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Argentina/Buenos_Aires"])
def test_every_iana_zone_can_be_the_default(zone: str) -> None:
    assert settings_of(default_timezone=zone).default_timezone == zone


# --- Saying what they are -------------------------------------------------------------------------------------------


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    config.main()
    lines = capsys.readouterr().out.splitlines()
    return dict(line.split("=", maxsplit=1) for line in lines)


def test_the_settings_are_shown_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    settings = shown(capsys)
    assert set(settings) == {f"NINEPANELS_{name.upper()}" for name in Settings.model_fields}
    assert settings["NINEPANELS_THREADS"] == "8"


def test_a_secret_is_shown_masked(capsys: pytest.CaptureFixture[str], set_up: SetUp) -> None:
    set_up(DATABASE_URL=SERVER, JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS=PREVIOUS)
    settings = shown(capsys)
    assert settings["NINEPANELS_DATABASE_URL"] == "postgresql+psycopg2://ada:***@db.example.com/ninepanels"
    assert set(settings["NINEPANELS_JWT_SECRET"]) == {"*"}
    assert set(settings["NINEPANELS_JWT_SECRET_PREVIOUS"]) == {"*"}


def test_settings_that_are_printed_show_no_secret() -> None:
    settings = settings_of(jwt_secret=SECRET, jwt_secret_previous=PREVIOUS)
    assert settings.accepted_secrets
    for secret in (SECRET, PREVIOUS):
        assert secret not in f"{settings!r} {settings} {settings.model_dump()}"


def test_the_own_secret_is_shown_masked(capsys: pytest.CaptureFixture[str]) -> None:
    own = settings_of().jwt_secret.get_secret_value()
    assert own not in str(shown(capsys))


def test_a_password_in_the_query_of_a_database_url_is_refused_and_not_repeated(set_up: SetUp) -> None:
    set_up(DATABASE_URL="postgresql://db.example.com/ninepanels?user=ada&password=hunter2", JWT_SECRET=SECRET)
    with pytest.raises(SystemExit) as caught:
        config.main()
    assert str(caught.value.code).startswith("NINEPANELS_DATABASE_URL: ")
    assert "hunter2" not in str(caught.value.code)


def test_a_wrong_setting_is_shown_as_its_one_line(set_up: SetUp) -> None:
    set_up(THREADS="0")
    with pytest.raises(SystemExit) as caught:
        config.main()
    assert str(caught.value.code).startswith("NINEPANELS_THREADS: ")


# --- Mail, limits and proxies -----------------------------------------------------------------------------------------


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
        ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_HOSTS", "https://ninepanels.example"),
        ("TRUSTED_HOSTS", "api.*.example"),
        ("RATE_LIMITS", "sometimes"),
        ("RATE_LIMIT_STORAGE", "disk"),
        ("RATE_LIMIT_STORAGE", "memcached://:hunter2@cache.example"),
    ],
)
def test_a_wrong_setting_for_people_is_named_in_one_line(name: str, value: str, set_up: SetUp) -> None:
    set_up(**{name: value})
    line = complaint()
    assert line.startswith(f"NINEPANELS_{name}: ")
    assert "hunter2" not in line


@pytest.mark.parametrize("url", ["https://ninepanels.example", "https://ninepanels.example/", "http://localhost:5173"])
def test_the_root_of_links_has_no_slash_at_its_end(url: str) -> None:
    assert settings_of(url_root=url).url_root == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["", "smtp://mail.example", "smtp://ada:p%40ss@mail.example:587", "smtps://ada:x@[2001:db8::1]:465"]
)
def test_every_mail_server_has_a_url(url: str) -> None:
    assert settings_of(smtp_url=url).smtp_url == url


def test_proxies_are_addresses_and_networks(set_up: SetUp) -> None:
    set_up(TRUSTED_PROXIES="10.0.0.7, 192.168.1.1/16 2001:db8::1")
    assert config.read_settings().trusted_proxies == ("10.0.0.7/32", "192.168.0.0/16", "2001:db8::1/128")


def test_hosts_are_names_and_all_below_a_name(set_up: SetUp) -> None:
    assert config.read_settings().trusted_hosts == ("*",)
    set_up(TRUSTED_HOSTS="ninepanels.example, *.ninepanels.example")
    assert config.read_settings().trusted_hosts == ("ninepanels.example", "*.ninepanels.example")


@pytest.mark.parametrize(("given", "expected"), [("", "var/mail"), ("spool", "spool")])
def test_mails_without_a_server_have_their_folder(given: str, expected: str, installation: Path, set_up: SetUp) -> None:
    set_up(MAIL_DIR=str(installation / given) if given else "")
    assert config.read_settings().mail_dir == installation / expected


@pytest.mark.parametrize(("given", "expected"), [("", "var/backups"), ("elsewhere", "elsewhere")])
def test_backups_have_their_folder(given: str, expected: str, installation: Path, set_up: SetUp) -> None:
    set_up(BACKUP_DIR=str(installation / given) if given else "")
    assert config.read_settings().backup_dir == installation / expected


def test_limits_are_on_by_default() -> None:
    assert settings_of().rate_limits == "on"


def test_limits_are_never_off_on_main() -> None:
    assert settings_of(Environment.STAGING, rate_limits="off").rate_limits == "off"
    with pytest.raises(ValidationError, match="NINEPANELS_RATE_LIMITS: is never off on MAIN"):
        settings_of(Environment.MAIN, rate_limits="off")


MAIL = {"smtp_url": "smtp://mail.example", "url_root": "https://nine.example", "mail_from": "nine@nine.example"}


@pytest.mark.parametrize("env", [Environment.MAIN, Environment.STAGING])
@pytest.mark.parametrize("missing", ["url_root", "mail_from"])
def test_mails_to_people_want_to_be_told_where_they_come_from(env: Environment, missing: str) -> None:
    assert settings_of(env, **MAIL).smtp_url == MAIL["smtp_url"]
    with pytest.raises(ValidationError, match=f"NINEPANELS_{missing.upper()}: "):
        settings_of(env, **{name: value for name, value in MAIL.items() if name != missing})


def test_trying_out_a_mail_server_wants_nothing_more() -> None:
    assert settings_of(smtp_url=MAIL["smtp_url"]).url_root == "http://localhost:5173"


def test_passwords_of_other_servers_are_shown_masked(capsys: pytest.CaptureFixture[str], set_up: SetUp) -> None:
    set_up(SMTP_URL="smtp://ada:hunter2@mail.example:587", RATE_LIMIT_STORAGE="redis://:hunter2@cache.example:6379/0")
    settings = shown(capsys)
    assert settings["NINEPANELS_SMTP_URL"] == "smtp://ada:***@mail.example:587"
    assert settings["NINEPANELS_RATE_LIMIT_STORAGE"] == "redis://:***@cache.example:6379/0"
    assert settings["NINEPANELS_URL_ROOT"] == "http://localhost:5173"


# --- Watching ---------------------------------------------------------------------------------------------------------


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
def test_a_wrong_setting_for_watching_is_named_in_one_line_and_not_repeated(
    name: str, value: str, set_up: SetUp
) -> None:
    set_up(**{name: value})
    line = complaint()
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
def test_a_webhook_is_reached_by_tls_or_on_this_machine(url: str, set_up: SetUp) -> None:
    set_up(ALERT_WEBHOOK_URL=url)
    assert config.read_settings().alert_webhook_url.get_secret_value() == url


def test_alerts_go_to_several_addresses(set_up: SetUp) -> None:
    set_up(ALERT_EMAILS="Ops@Ninepanels.example, ada@example.com")
    assert config.read_settings().alert_emails == ("ops@ninepanels.example", "ada@example.com")


def test_watching_wants_no_setting() -> None:
    settings = settings_of()
    chosen = (settings.metrics_token, settings.alert_emails, settings.alert_webhook_url, settings.sentry_dsn)
    assert not any(chosen)
    assert settings.timings_keep_days == 30


def test_what_opens_doors_elsewhere_is_shown_masked(capsys: pytest.CaptureFixture[str], set_up: SetUp) -> None:
    set_up(
        METRICS_TOKEN="hunter2hunter2hunter2",
        ALERT_WEBHOOK_URL="https://hooks.example/hunter2",
        SENTRY_DSN="https://hunter2@sentry.example/1",
    )
    settings = shown(capsys)
    for name in ("METRICS_TOKEN", "ALERT_WEBHOOK_URL", "SENTRY_DSN"):
        assert settings[f"NINEPANELS_{name}"] == "**********"
