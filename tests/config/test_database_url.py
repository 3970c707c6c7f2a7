"""The setting DATABASE_URL and the embedded database."""

import stat
from pathlib import Path

import pytest

from ninepanels import config
from ninepanels.environments import Environment

from .conftest import SECRET
from .conftest import SetVariables
from .conftest import error_message
from .conftest import settings_of


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_all_postgresql_schemes_use_psycopg2(scheme: str) -> None:
    settings = settings_of(database_url=f"{scheme}://ada:hunter2@db.example.com/ninepanels", jwt_secret=SECRET)
    assert settings.database_url == "postgresql+psycopg2://ada:hunter2@db.example.com/ninepanels"


def test_all_parts_of_a_database_url_except_the_scheme_are_kept() -> None:
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
def test_in_memory_databases_are_refused(url: str, set_variables: SetVariables) -> None:
    set_variables(DATABASE_URL=url)
    assert error_message().startswith("NINEPANELS_DATABASE_URL: ")


@pytest.mark.parametrize("env", list(Environment))
def test_each_environment_has_a_separate_embedded_database(env: Environment, installation: Path) -> None:
    assert settings_of(env).database_url == f"sqlite:///{installation}/var/{env.lower()}.db"


def test_an_empty_database_url_selects_the_embedded_database(set_variables: SetVariables) -> None:
    set_variables(DATABASE_URL="")
    assert config.read_settings().database_url.endswith("/var/test.db")


def test_only_the_owner_can_access_the_data_directory(installation: Path) -> None:
    config.read_settings()
    assert stat.S_IMODE((installation / "var").stat().st_mode) == 0o700
