"""docs/tour.sh, run against a service: it ends with all chapters, or with one line that says what to do."""

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ninepanels import environments

from ..support.checkouts import assert_refuses_with_one_line
from ..support.checkouts import execute
from ..support.checkouts import program
from ..support.servers import Service
from ..support.servers import environment

TOUR = environments.ROOT / "docs" / "tour.sh"
NOT_EMPTY = "The tour needs a service without users: './mc.sh --env TEST data clear'"


@pytest.fixture(scope="module")
def service(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("tour")
    shutil.copy(sqlite_template, folder / "test.db")
    mails = folder / "var" / "mail"
    mails.mkdir(parents=True)
    (mails / "earlier.eml").write_text(f"password_reset_token={'x' * 43}\n")
    with Service(f"sqlite:///{folder}/test.db", folder, MAIL_DIR=str(mails)) as service:
        yield service


def commands(text: str) -> list[str]:
    """Return the chapters and the commands, without their output."""
    return re.findall(r"^## .*|^\$ (?:.*[|\\]\n)*.*", text, re.MULTILINE)


@contextlib.contextmanager
def signed_up(service: Service) -> Iterator[None]:
    """The state of a tour that was broken off after its first chapter."""
    password = "correct horse"
    ada = {"email": "ada@example.com", "name": "Ada", "password": password}
    assert service.client.post("/users", json=ada).status_code == 200
    yield
    token = service.client.post("/token", data={"username": ada["email"], "password": password}).json()
    header = {"Authorization": f"Bearer {token['data']['access_token']}"}
    assert service.client.delete("/users", headers=header).status_code == 200


def tour(service: Service, **variables: str) -> subprocess.CompletedProcess[str]:
    return execute([str(TOUR), service.url], service.log_file.parent, environment("") | variables)


def test_after_a_tour_that_was_broken_off_the_next_says_what_to_do(service: Service) -> None:
    with signed_up(service):
        assert_refuses_with_one_line(tour(service), NOT_EMPTY)


def test_the_tour_executes_the_commands_of_its_page_and_a_second_tour_says_what_to_do(service: Service) -> None:
    result = tour(service)
    assert (result.returncode, result.stderr) == (0, "")
    page = (environments.ROOT / "docs" / "tour.md").read_text()
    assert commands(result.stdout) == commands(page)
    assert_refuses_with_one_line(tour(service), NOT_EMPTY)


def test_without_curl_or_a_service_the_tour_says_what_it_needs(service: Service, tmp_path: Path) -> None:
    for name in ("env", "bash"):
        (tmp_path / name).symlink_to(program(name))
    assert_refuses_with_one_line(tour(service, PATH=str(tmp_path)), "apt-get install curl")
    result = execute([str(TOUR), "http://127.0.0.1:1"], tmp_path, environment(""))
    assert_refuses_with_one_line(result, "There is no service at http://127.0.0.1:1: start one with ")
