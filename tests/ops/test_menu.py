"""The menu of mc.sh, on a pseudo-terminal in a temporary checkout."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from ninepanels import environments

from ..support.checkouts import run
from ..support.checkouts import variables
from ..support.servers import Service
from ..support.servers import wait_for
from ..support.terminal import CTRL_C
from ..support.terminal import CTRL_D
from ..support.terminal import Terminal
from .conftest import DATABASE_URL
from .conftest import PROMPT
from .conftest import choose
from .test_mission_control import VERBS

MORE_VERBS = """
verb_greet() { ## morning NAME [--loud]: wish a good day
    ## night: wish a good night
    printf '<%s>' "$@"
}

verb_fall() { ## : fail
    die "fell"
}

verb_hang() { ## : take long
    echo hanging
    sleep 60
}

verb_help() {"""
"""Added to the checkout's mc.sh, to test that the menu is generated from the verbs in it."""


def menu(checkout: Path, *arguments: str, **settings: str) -> Terminal:
    mission_control = checkout / "mc.sh"
    mission_control.write_text(mission_control.read_text().replace("\nverb_help() {", MORE_VERBS, 1))
    return Terminal(["./mc.sh", *arguments], checkout, variables(DATABASE_URL, **settings))


@pytest.mark.parametrize(("arguments", "env"), [([], "MAIN"), (["--env", "TEST"], "TEST")])
def test_the_menu_shows_the_status_and_masks_the_password(checkout: Path, arguments: list[str], env: str) -> None:
    with menu(checkout, *arguments) as terminal:
        screen = terminal.read_until(PROMPT)
    assert re.search(r"^  branch +main$", screen, re.MULTILINE)
    assert re.search(rf"^  environment +{env}$", screen, re.MULTILINE)
    assert re.search(r"^  database +\S+ada:\*\*\*@db\.example\.com/ninepanels$", screen, re.MULTILINE)
    assert re.search(r"^  service +http://127\.0\.0\.1:8000 is ", screen, re.MULTILINE)
    assert "hunter2" not in screen


def test_the_menu_offers_every_verb(checkout: Path) -> None:
    with menu(checkout) as terminal:
        offered = re.findall(r"^ +\d+  ([a-z]+)", terminal.read_until(PROMPT), re.MULTILINE)
    assert list(dict.fromkeys(offered)) == [*VERBS[:-1], "greet", "fall", "hang", VERBS[-1]]


def test_each_usage_of_a_verb_is_a_menu_item_with_its_own_description(checkout: Path) -> None:
    with menu(checkout) as terminal:
        items = re.findall(r"^ +\d+  (\S+(?: \S+)*) {2,}(.+)$", terminal.read_until(PROMPT), re.MULTILINE)
    descriptions = dict(items)
    assert descriptions["greet morning NAME"] == "wish a good day"
    assert descriptions["greet night"] == "wish a good night"
    data = ["data create", "data read", "data schema", "data promote EMAIL", "data clear"]
    assert [item for item in descriptions if item.startswith("data")] == data
    assert len(set(descriptions.values())) == len(items)


@pytest.mark.parametrize("keys", ["q\n", CTRL_D])
def test_the_menu_ends_on_q_and_at_end_of_input(checkout: Path, keys: str) -> None:
    with menu(checkout) as terminal:
        terminal.read_until(PROMPT)
        terminal.type(keys)
        assert terminal.wait() == 0


def test_an_invalid_choice_gets_one_line_and_a_new_prompt(checkout: Path) -> None:
    with menu(checkout) as terminal:
        terminal.read_until(PROMPT)
        for choice in ("0", "99", "x", "1x", "", "*", "env"):
            terminal.type(f"{choice}\n")
            assert terminal.read_until(PROMPT).splitlines()[1:-1] == [f"The menu has no item '{choice}'."]


def test_the_menu_returns_after_an_action(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "env")
        screen = terminal.read_until(PROMPT)
    assert "NINEPANELS_ENV=MAIN\n" in screen
    assert re.search(r"\d  help ", screen)


def test_the_env_option_applies_to_the_chosen_action(checkout: Path) -> None:
    with menu(checkout, "--env", "TEST") as terminal:
        choose(terminal, "env")
        assert "NINEPANELS_ENV=TEST\n" in terminal.read_until(PROMPT)


def test_the_menu_asks_for_the_arguments_of_an_action(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "greet morning NAME")
        terminal.read_until("NAME: $")
        terminal.type("Ada *  Lovelace\n")
        assert "<morning><Ada *  Lovelace>\n" in terminal.read_until(PROMPT)


def test_an_action_without_arguments_runs_without_a_question(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "greet night")
        assert "<night>\n" in terminal.read_until(PROMPT)


@pytest.mark.parametrize("keys", ["\n", CTRL_D])
def test_an_action_with_a_missing_argument_does_not_run(checkout: Path, keys: str) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "greet morning NAME")
        terminal.read_until("NAME: $")
        terminal.type(keys)
        screen = terminal.read_until(PROMPT)
    assert "Nothing was done." in screen
    assert "<morning>" not in screen


def test_the_menu_returns_after_a_failed_action(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "fall")
        assert "mc.sh: fell\n" in terminal.read_until(PROMPT)


def test_ctrl_c_ends_the_action_but_not_the_menu(checkout: Path) -> None:
    with menu(checkout) as terminal:
        choose(terminal, "hang")
        terminal.read_until("hanging\n")
        terminal.type(CTRL_C)
        terminal.read_until(PROMPT)
        terminal.type("q\n")
        assert terminal.wait() == 0


def test_an_invalid_setting_is_shown_above_the_actions(checkout: Path) -> None:
    with menu(checkout, JWT_SECRET="short") as terminal:
        screen = terminal.read_until(PROMPT)
    assert screen.strip().startswith("NINEPANELS_JWT_SECRET: ")
    assert re.search(r"\d  help ", screen)


def test_a_verb_on_the_command_line_runs_without_the_menu(checkout: Path) -> None:
    with menu(checkout, "greet", "morning", "Ada") as terminal:
        assert terminal.wait() == 0
        assert terminal.read_until(">$") == "<morning><Ada>"


def test_the_status_says_when_a_service_is_ready(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "test.db")
    with Service(f"sqlite:///{tmp_path}/test.db", tmp_path) as service:

        def is_shown_as_ready() -> bool:
            command = [sys.executable, "-m", "ninepanels.ops.status", service.url]
            result = run(command, environments.ROOT, DATABASE_URL)
            return f"  service      {service.url} is ready\n" in result.stdout

        # The time limit of `status` may be too short for a busy machine.
        wait_for(is_shown_as_ready)
