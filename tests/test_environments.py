"""The branch determines the environment."""

import pytest

from ninepanels import environments
from ninepanels import exceptions
from ninepanels.environments import Environment

FEATURE_BRANCHES = ["feature/tea", "fix-main", "Main", "STAGING", "release"]
WITHOUT_BRANCH = ["", None]
"""A detached HEAD, such as a tag; and no checkout."""


def test_branch_main_is_environment_main() -> None:
    assert environments.choose("main", None) is Environment.MAIN


def test_branch_staging_is_environment_staging() -> None:
    assert environments.choose("staging", None) is Environment.STAGING


@pytest.mark.parametrize("branch", FEATURE_BRANCHES)
def test_other_branches_are_feature(branch: str) -> None:
    assert environments.choose(branch, None) is Environment.FEATURE


@pytest.mark.parametrize(
    ("branch", "requested"),
    [("main", "MAIN"), ("staging", "STAGING"), *((branch, "FEATURE") for branch in FEATURE_BRANCHES)],
)
def test_the_environment_of_the_branch_can_be_requested(branch: str, requested: str) -> None:
    assert environments.choose(branch, requested) is Environment(requested)


@pytest.mark.parametrize("branch", ["main", "staging", *WITHOUT_BRANCH, *FEATURE_BRANCHES])
def test_the_environment_test_can_be_requested_on_any_branch(branch: str | None) -> None:
    assert environments.choose(branch, "TEST") is Environment.TEST


@pytest.mark.parametrize(
    ("branch", "requested"),
    [
        ("main", "STAGING"),
        ("main", "FEATURE"),
        ("staging", "MAIN"),
        ("staging", "FEATURE"),
        *((branch, requested) for branch in FEATURE_BRANCHES for requested in ("MAIN", "STAGING")),
    ],
)
def test_an_environment_that_contradicts_the_branch_is_refused(branch: str, requested: str) -> None:
    with pytest.raises(exceptions.SettingsInvalid) as caught:
        environments.choose(branch, requested)
    assert caught.value.detail.startswith("NINEPANELS_ENV: ")
    assert repr(branch) in caught.value.detail
    assert requested in caught.value.detail


@pytest.mark.parametrize("branch", WITHOUT_BRANCH)
@pytest.mark.parametrize("requested", list(Environment))
def test_without_a_branch_any_environment_can_be_requested(branch: str | None, requested: str) -> None:
    assert environments.choose(branch, requested) is Environment(requested)


@pytest.mark.parametrize("branch", WITHOUT_BRANCH)
def test_without_a_branch_an_environment_is_required(branch: str | None) -> None:
    with pytest.raises(exceptions.SettingsInvalid, match=r"^NINEPANELS_ENV: .*FEATURE, STAGING, MAIN, TEST"):
        environments.choose(branch, None)


@pytest.mark.parametrize("requested", ["main", "Main", "mAIN"])
def test_environments_are_case_insensitive(requested: str) -> None:
    assert environments.choose("main", requested) is Environment.MAIN


@pytest.mark.parametrize("branch", ["main", "staging", "feature/tea", "", None])
@pytest.mark.parametrize("requested", ["", "PROD", "MAIN ", "test\n", "MAIN,TEST"])
def test_an_unknown_environment_is_refused_in_one_line(branch: str | None, requested: str) -> None:
    with pytest.raises(exceptions.SettingsInvalid, match=r"^NINEPANELS_ENV: ") as caught:
        environments.choose(branch, requested)
    assert "\n" not in caught.value.detail
