"""New passwords that are among the most common ones."""

import asyncio

import pytest
from starlette.testclient import TestClient
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from ninepanels import crud
from ninepanels.accounts import passwords
from ninepanels.database import database
from ninepanels.pydmodels import common_passwords

from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data

pytestmark = pytest.mark.any_database

SIGN_UP = ("/users", {"email": "eve@example.com", "name": "Eve"}, "password")
CHANGE = ("/auth/change_password", {"current_password": PASSWORD}, "new_password")
RESET = ("/auth/password_reset", {"email": "ada@example.com", "password_reset_token": "any"}, "new_password")


@pytest.mark.parametrize("password", ["iloveyou", "ILOVEYOU", "PassWord1", "1qaz2wsx"])
@pytest.mark.parametrize(("path", "fields", "name"), [SIGN_UP, CHANGE, RESET])
def test_a_common_password_is_refused(ada: Person, path: str, fields: dict[str, str], name: str, password: str) -> None:
    response = ada.post(path, fields | {name: password})
    body = response.json()
    message = "This password is one of the most common ones and easily guessed; choose another one"
    assert (response.status_code, body["error_message"]) == (422, f"{name}: {message}.")
    assert body["data"]["detail"] == [{"type": "common_password", "loc": ["body", name], "msg": message}]
    assert password not in response.text


def test_every_password_of_the_list_that_is_long_enough_is_common() -> None:
    listed = [password for password in FREQUENCY_LISTS["passwords"] if len(password) >= common_passwords.MIN_LENGTH]
    assert len(listed) > 10_000
    assert [each for each in listed if not common_passwords.contain(each.upper())] == []


@pytest.mark.parametrize("password", ["iloveyou, ada", " iloveyou", "correct horse", "the elephant"])
def test_a_password_that_is_not_in_the_list_is_accepted(client: TestClient, password: str) -> None:
    Person.sign_up(client, "eve@example.com", password=password)


def test_a_common_password_of_an_earlier_release_works_until_it_is_changed(ada: Person) -> None:
    with database.transaction() as work:
        crud.users.read_for_update(work, ada.id).hashed_password = asyncio.run(passwords.hash_password("iloveyou"))
    ada.token = Person.log_in(ada.client, ada.email, "iloveyou")
    data(ada.post("/auth/change_password", {"current_password": "iloveyou", "new_password": PASSWORD}))
