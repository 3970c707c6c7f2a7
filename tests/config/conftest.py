"""Fixtures and helpers of the tests of settings."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ninepanels import config
from ninepanels import environments
from ninepanels import exceptions
from ninepanels.config import Settings
from ninepanels.environments import Environment
from ninepanels.ops import settings as print_settings

SECRET = "0123456789abcdef0123456789abcdef"
PREVIOUS = "fedcba9876543210fedcba9876543210"
SERVER = "postgresql://ada:hunter2@db.example.com/ninepanels"

SetVariables = Callable[..., None]


@pytest.fixture(autouse=True)
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project directory outside any checkout; of all settings only the environment is set."""
    for name in list(os.environ):
        if name.upper().startswith(config.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NINEPANELS_ENV", "TEST")
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "HOME", tmp_path)
    monkeypatch.setattr(config, "VAR", tmp_path / "var")
    return tmp_path


@pytest.fixture
def set_variables(monkeypatch: pytest.MonkeyPatch) -> SetVariables:
    def set_variables(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"NINEPANELS_{name}", value)

    return set_variables


def error_message() -> str:
    """Read invalid settings and return the error message, which is one line."""
    with pytest.raises(exceptions.SettingsInvalid) as caught:
        config.read_settings()
    assert len(caught.value.detail.splitlines()) == 1
    return caught.value.detail


def settings_of(env: Environment = Environment.TEST, **values: Any) -> Settings:
    return Settings(env=env, **values)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return the settings that `./mc.sh env` prints, also those in comments."""
    print_settings.main([])
    lines = capsys.readouterr().out.splitlines()
    return dict(line.removeprefix("# ").split("=", maxsplit=1) for line in lines)
