"""The menu of mc.sh, on a pseudo-terminal in a temporary checkout."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ninepanels import environments

from ..support import checkouts
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
from .test_mission_control import USAGES

COLUMNS, LINES = 80, 24
ITEM = re.compile(r"^  +(\d+)  (\S+(?: \S+)*) {2,}(.+)$", re.MULTILINE)
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

verb_test() {"""
"""Added to the checkout's mc.sh, to test that the menu is generated from the verbs in it."""


def start(checkout: Path, *arguments: str, **settings: str) -> Terminal:
    mission_control = checkout / "mc.sh"
    mission_control.write_text(mission_control.read_text().replace("\nverb_test() {", MORE_VERBS, 1))
    return Terminal(["./mc.sh", *arguments], checkout, variables(DATABASE_URL, **settings))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A menu at its prompt, which has shown all actions."""
    checkout = checkouts.make(tmp_path_factory.mktemp("menu") / "checkout")
    with start(checkout, "--env", "TEST") as terminal:
        terminal.read_until(PROMPT)
        answer(terminal, "d")
        yield terminal


def answer(terminal: Terminal, keys: str) -> str:
    """Type a line at the prompt, and return what is shown from there to the next prompt."""
    terminal.type(f"{keys}\n")
    return terminal.read_until(PROMPT)


def test_the_menu_fits_80_columns_and_24_lines_and_shows_the_environment_and_the_database(opened: Terminal) -> None:
    lines = answer(opened, "").splitlines()[1:]
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS
    screen = "\n".join(lines)
    assert re.search(r"^  environment +TEST, on the branch main$", screen, re.MULTILINE)
    assert re.search(r"^  database +\S+ada:\*\*\*@db\.example\.com/ninepanels$", screen, re.MULTILINE)
    assert re.search(r"^  service +http://127\.0\.0\.1:8000 is ", screen, re.MULTILINE)
    assert "hunter2" not in screen


def test_every_usage_of_a_verb_is_a_numbered_action_with_its_own_description(opened: Terminal) -> None:
    items = ITEM.findall(answer(opened, "") + answer(opened, "d"))
    numbers, actions, descriptions = zip(*items, strict=True)
    assert numbers == tuple(str(number) for number in range(1, len(items) + 1))
    assert {*actions} == {*USAGES, "greet morning NAME", "greet night", "fall", "hang"} - {"help"}
    assert len({*descriptions}) == len(items)


def test_what_deletes_rows_is_marked(opened: Terminal) -> None:
    assert re.findall(r"^ +\d+  (.*?) +! ", answer(opened, ""), re.MULTILINE) == ["data clear", "restore FILE"]


def test_h_shows_the_help(opened: Terminal) -> None:
    assert "\nUsage: ./mc.sh " in answer(opened, "h")


def test_an_invalid_choice_gets_one_line_and_a_new_prompt(opened: Terminal) -> None:
    for choice in ("0", "99", "x", "1x", "*", "env", "["):
        assert answer(opened, choice).splitlines()[1:-1] == [f"The menu has no item '{choice}'.", ""]


def test_the_result_of_an_action_stays_on_the_screen(opened: Terminal) -> None:
    choose(opened, "env")
    shown = opened.read_until(PROMPT).splitlines()
    assert (shown[1], shown[-3]) == ("--- ./mc.sh env", "--- env: done")
    assert "NINEPANELS_ENV=TEST" in shown
    assert not ITEM.search("\n".join(shown))


def test_the_menu_asks_for_the_arguments_of_an_action(opened: Terminal) -> None:
    choose(opened, "greet morning NAME")
    opened.read_until("NAME: $")
    assert "<morning><Ada *  Lovelace>" in answer(opened, "Ada *  Lovelace")


@pytest.mark.parametrize("keys", ["\n", CTRL_D])
def test_an_action_with_a_missing_argument_does_not_run(opened: Terminal, keys: str) -> None:
    choose(opened, "greet morning NAME")
    opened.read_until("NAME: $")
    opened.type(keys)
    screen = opened.read_until(PROMPT)
    assert "Nothing was done." in screen
    assert "<morning>" not in screen


def test_an_action_without_arguments_runs_without_a_question(opened: Terminal) -> None:
    choose(opened, "greet night")
    assert "<night>" in opened.read_until(PROMPT)


def test_a_failed_action_is_shown_as_failed(opened: Terminal) -> None:
    choose(opened, "fall")
    assert "mc.sh: fell\n--- fall: FAILED with exit code 1\n" in opened.read_until(PROMPT)


def test_ctrl_c_ends_the_action_but_not_the_menu(opened: Terminal) -> None:
    choose(opened, "hang")
    opened.read_until("hanging\n")
    opened.type(CTRL_C)
    assert "--- hang: interrupted\n" in opened.read_until(PROMPT)


@pytest.mark.parametrize(("keys", "code"), [("q\n", 0), (CTRL_D, 0), (CTRL_C, 130)])
def test_the_menu_is_left_with_q_ctrl_d_or_ctrl_c(checkout: Path, keys: str, code: int) -> None:
    """An invalid setting is shown above the actions."""
    with start(checkout, JWT_SECRET="short") as terminal:
        screen = terminal.read_until(PROMPT)
        terminal.type(keys)
        assert terminal.wait() == code
    assert screen.strip().startswith("NINEPANELS_JWT_SECRET: ")
    assert ITEM.search(screen)


def test_before_the_packages_are_installed_the_menu_opens_and_installs_none(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    with start(checkout) as terminal:
        screen = terminal.read_until(PROMPT)
    assert "  environment  MAIN\n  packages     not installed yet" in screen
    assert ITEM.search(screen)
    assert not (checkout / ".venv").exists()


def test_a_verb_on_the_command_line_runs_without_the_menu(checkout: Path) -> None:
    with start(checkout, "greet", "morning", "Ada") as terminal:
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
