"""Fixtures and helpers of the tests of operations."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import NullPool

from ninepanels import environments
from ninepanels.database import make_engine
from ninepanels.ops import data

from ..support.checkouts import run
from ..support.terminal import Terminal

DATABASE_URL = "postgresql://ada:hunter2@db.example.com/ninepanels"
"""A database that the verbs under test never connect to."""

PROMPT = r"q to quit: $"
"""The prompt of the menu, as a pattern."""

MissionControl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def mc(checkout: Path) -> MissionControl:
    """Run mc.sh in a checkout."""
    return lambda *arguments: run(["./mc.sh", *arguments], checkout, DATABASE_URL)


class Result(NamedTuple):
    """The result of a command that ran in this process."""

    code: int | str | None
    out: str
    err: str


ManageData = Callable[..., Result]


@pytest.fixture
def manage_data(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ManageData:
    """Run `./mc.sh data` in this process, on a branch on which demo users may be created and cleared."""

    def manage_data(database_url: str, *arguments: str) -> Result:
        monkeypatch.setattr(environments, "branch", lambda: "tea")
        monkeypatch.setenv("NINEPANELS_DATABASE_URL", database_url)
        code: int | str | None = 0
        try:
            data.main(arguments)
        except SystemExit as error:
            code = error.code
        return Result(code, *capsys.readouterr())

    return manage_data


def choose(terminal: Terminal, action: str) -> None:
    """Type the number that the menu has shown for an action. It must be at its prompt."""
    line = re.search(rf"^ +(\d+)  {action}(  |$)", terminal.shown, re.MULTILINE)
    assert line is not None, f"the menu has no {action}"
    terminal.type(f"{line[1]}\n")


def execute_sql(database_url: str, *statements: str) -> None:
    """Execute statements in one transaction."""
    engine = make_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
