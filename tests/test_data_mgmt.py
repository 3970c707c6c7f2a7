"""data_mgmt.py, as `./mc.sh data` calls it."""

import subprocess
import sys

import pytest

from ninepanels import environments

from .people import Person
from .people import data
from .servers import environment


def manage(database_url: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "data_mgmt.py", *arguments],
        cwd=environments.ROOT,
        env=environment(database_url, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com"])
def test_promoting_makes_the_first_admin(database_url: str, ada: Person, email: str) -> None:
    assert ada.get("/admin/users").status_code == 403
    result = manage(database_url, "promote", email)
    assert (result.returncode, result.stdout) == (0, "ada@example.com is an admin now.\n"), result.stderr
    assert len(data(ada.get("/admin/users"))) == 1


def test_promoting_an_admin_changes_nothing(database_url: str, ada: Person) -> None:
    for _ in range(2):
        assert manage(database_url, "promote", ada.email).returncode == 0
    assert data(ada.get("/users"))["is_admin"] is True


def test_promoting_nobody_is_refused_with_one_line(database_url: str) -> None:
    result = manage(database_url, "promote", "nobody@example.com")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "There is no user with the e-mail nobody@example.com.\n"


def test_a_wrong_setting_is_one_line_too(database_url: str) -> None:
    result = manage(database_url, "promote", "ada@example.com", JWT_SECRET="short")
    assert result.returncode == 1
    assert result.stderr.startswith("NINEPANELS_JWT_SECRET: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_database_without_a_schema_is_one_line_that_says_what_to_do(empty_database_url: str) -> None:
    result = manage(empty_database_url, "promote", "ada@example.com")
    assert result.returncode == 1
    assert result.stderr == "The database's schema is not the one of this release: ./mc.sh migrate\n"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_database_that_is_away_is_one_line_too(empty_database_url: str) -> None:
    result = manage(f"{empty_database_url}/in/no/folder.db", "promote", "ada@example.com")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
