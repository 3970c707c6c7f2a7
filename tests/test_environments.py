"""The branch decides which environment this is."""

import pytest

from ninepanels import environments
from ninepanels import exceptions
from ninepanels.environments import Environment

FEATURE_BRANCHES = ["feature/tea", "fix-main", "Main", "STAGING", "release", ""]
"""The last is a checkout of no branch."""


def test_main_is_main() -> None:
    assert environments.choose("main", None) is Environment.MAIN


def test_staging_is_staging() -> None:
    assert environments.choose("staging", None) is Environment.STAGING


@pytest.mark.parametrize("branch", FEATURE_BRANCHES)
def test_every_other_branch_is_feature(branch: str) -> None:
    assert environments.choose(branch, None) is Environment.FEATURE


@pytest.mark.parametrize(
    ("branch", "asked"),
    [("main", "MAIN"), ("staging", "STAGING"), *((branch, "FEATURE") for branch in FEATURE_BRANCHES)],
)
def test_what_the_branch_says_can_be_asked_for(branch: str, asked: str) -> None:
    assert environments.choose(branch, asked) is Environment(asked)


@pytest.mark.parametrize("branch", ["main", "staging", None, *FEATURE_BRANCHES])
def test_test_can_be_asked_for_anywhere(branch: str | None) -> None:
    assert environments.choose(branch, "TEST") is Environment.TEST


@pytest.mark.parametrize(
    ("branch", "asked"),
    [
        ("main", "STAGING"),
        ("main", "FEATURE"),
        ("staging", "MAIN"),
        ("staging", "FEATURE"),
        *((branch, asked) for branch in FEATURE_BRANCHES for asked in ("MAIN", "STAGING")),
    ],
)
def test_nothing_may_contradict_the_branch(branch: str, asked: str) -> None:
    with pytest.raises(exceptions.SettingsInvalid) as caught:
        environments.choose(branch, asked)
    assert caught.value.detail.startswith("NINEPANELS_ENV: ")
    assert repr(branch) in caught.value.detail
    assert asked in caught.value.detail


@pytest.mark.parametrize("asked", list(Environment))
def test_outside_a_checkout_what_is_asked_for_counts(asked: str) -> None:
    assert environments.choose(None, asked) is Environment(asked)


def test_outside_a_checkout_something_has_to_be_asked_for() -> None:
    with pytest.raises(exceptions.SettingsInvalid, match=r"^NINEPANELS_ENV: .*FEATURE, STAGING, MAIN, TEST"):
        environments.choose(None, None)


@pytest.mark.parametrize("asked", ["main", "Main", "mAIN"])
def test_an_environment_can_be_asked_for_in_any_case(asked: str) -> None:
    assert environments.choose("main", asked) is Environment.MAIN


@pytest.mark.parametrize("branch", ["main", "staging", "feature/tea", "", None])
@pytest.mark.parametrize("asked", ["", "PROD", "MAIN ", "test\n", "MAIN,TEST"])
def test_what_is_no_environment_is_refused_in_one_line(branch: str | None, asked: str) -> None:
    with pytest.raises(exceptions.SettingsInvalid, match=r"^NINEPANELS_ENV: ") as caught:
        environments.choose(branch, asked)
    assert "\n" not in caught.value.detail
