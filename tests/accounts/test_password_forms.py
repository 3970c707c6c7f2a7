"""Passwords in other forms of Unicode than NFC, at every route that takes one, and with hashes of earlier releases."""

import asyncio
import unicodedata

import pytest
from fastapi import Request
from starlette.testclient import TestClient

from ninepanels import crud
from ninepanels.accounts import passwords
from ninepanels.accounts import rate_limits
from ninepanels.database import database

from ..support.asgi import http_scope
from ..support.mailbox import Mailbox
from ..support.people import Person
from ..support.people import data

NFC = "Größe Ångström 각 \u1ec7"
NFD = unicodedata.normalize("NFD", NFC)
MIXED = "Gro\u0308ße Ångström 각 e\u0323\u0302"
REORDERED = "Größe Ångström 각 e\u0302\u0323"
FORMS = {"NFC": NFC, "NFD": NFD, "mixed": MIXED, "reordered marks": REORDERED}
ASCII = "correct horse"
GROWS = "\ufb2c" * 100
"""Characters that NFC decomposes: 300 of them."""

every_scheme = pytest.mark.parametrize("scheme", ["argon2", "bcrypt"])
every_form = pytest.mark.parametrize("typed", FORMS.values(), ids=FORMS)


def hash_as_typed(password: str, scheme: str) -> str:
    """Return a hash of an earlier release, which did not normalize passwords."""
    costs = {"argon2": {"memory_cost": 64, "time_cost": 1}, "bcrypt": {"rounds": 4}}
    hashed: str = passwords.context.handler(scheme).using(**costs[scheme]).hash(password)
    return hashed


def set_hash(person: Person, hashed: str) -> None:
    with database.transaction() as work:
        user = crud.users.read(work, person.id)
        assert user is not None
        user.hashed_password = hashed


def has_hash_of(person: Person, password: str) -> bool:
    with database.transaction() as work:
        user = crud.users.read(work, person.id)
        assert user is not None
        assert user.hashed_password.startswith("$argon2id$")
        matches: bool = passwords.context.verify(password, user.hashed_password)
        return matches


def log_in(person: Person, password: str) -> int:
    form = {"username": person.email, "password": password}
    return person.client.post("/token", data=form).status_code


@pytest.fixture
def backend() -> str:
    """One database: hashes are computed and compared outside of it."""
    return "sqlite"


def test_the_forms_differ_and_have_one_normalized_form() -> None:
    assert len(set(FORMS.values())) == len(FORMS)
    assert {unicodedata.normalize("NFC", form) for form in FORMS.values()} == {NFC}


# --- New passwords ----------------------------------------------------------------------------------------------------


@every_form
def test_a_password_works_in_every_form(client: TestClient, typed: str) -> None:
    ada = Person.sign_up(client, "ada@example.com", password=typed)
    assert has_hash_of(ada, NFC)
    assert [log_in(ada, form) for form in FORMS.values()] == [200] * len(FORMS)


@every_form
def test_a_changed_password_works_in_every_form(ada: Person, typed: str) -> None:
    change = {"current_password": ASCII, "new_password": typed}
    ada.token = data(ada.post("/auth/change_password", change))["access_token"]
    assert [log_in(ada, form) for form in FORMS.values()] == [200] * len(FORMS)
    back = {"current_password": typed, "new_password": ASCII}
    assert data(ada.post("/auth/change_password", back))["success"]


@every_form
def test_a_reset_password_works_in_every_form(ada: Person, mailbox: Mailbox, typed: str) -> None:
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    body = mailbox.reset_link() | {"new_password": typed}
    assert data(ada.client.post("/auth/password_reset", json=body)) is True
    assert [log_in(ada, form) for form in FORMS.values()] == [200] * len(FORMS)


@every_form
def test_a_new_email_is_confirmed_by_the_password_in_every_form(client: TestClient, typed: str) -> None:
    ada = Person.sign_up(client, "ada@example.com", password=NFC)
    update = {"email": "lovelace@example.com", "current_password": typed}
    assert data(ada.patch("/users", update))["email"] == "lovelace@example.com"


@pytest.mark.parametrize("password", ["e\u0301" * 7, "ᄀ\u1161\u11a8" * 7, "\ufb2c" * 43, "x" * 129, "e\u0301" * 129])
def test_the_length_of_a_new_password_is_that_of_nfc(client: TestClient, password: str) -> None:
    sign_up = {"email": "ada@example.com", "name": "Ada", "password": password}
    assert client.post("/users", json=sign_up).status_code == 422


@pytest.mark.parametrize(
    "password", ["e\u0301" * 8, "e\u0301" * 128, "ᄀ\u1161\u11a8" * 128, "\ufb2c" * 42, "🔑" * 128]
)
def test_a_password_of_8_to_128_characters_in_nfc_works(client: TestClient, password: str) -> None:
    assert log_in(Person.sign_up(client, "ada@example.com", password=password), password) == 200


# --- Hashes of earlier releases ---------------------------------------------------------------------------------------


@every_scheme
@every_form
def test_an_old_hash_works_and_is_replaced_by_one_of_nfc(ada: Person, typed: str, scheme: str) -> None:
    set_hash(ada, hash_as_typed(typed, scheme))
    assert log_in(ada, typed) == 200
    assert has_hash_of(ada, NFC)
    assert [log_in(ada, form) for form in FORMS.values()] == [200] * len(FORMS)


@every_scheme
@pytest.mark.parametrize("hashed", ["NFC", "NFD"])
@every_form
def test_an_old_hash_of_a_normalized_form_works_in_every_form(
    ada: Person, typed: str, hashed: str, scheme: str
) -> None:
    set_hash(ada, hash_as_typed(FORMS[hashed], scheme))
    assert log_in(ada, typed) == 200
    assert has_hash_of(ada, NFC)


@every_scheme
def test_an_old_hash_of_another_form_is_not_replaced_by_a_wrong_password(ada: Person, scheme: str) -> None:
    set_hash(ada, old := hash_as_typed(NFD, scheme))
    assert [log_in(ada, wrong) for wrong in (NFD + "x", NFC[:-1], NFC.upper())] == [401, 401, 401]
    with database.transaction() as work:
        user = crud.users.read(work, ada.id)
        assert user is not None
        assert user.hashed_password == old


@every_scheme
@every_form
def test_an_old_hash_authorizes_a_new_email_and_is_replaced(ada: Person, typed: str, scheme: str) -> None:
    set_hash(ada, hash_as_typed(typed, scheme))
    data(ada.patch("/users", {"email": "lovelace@example.com", "current_password": typed}))
    assert has_hash_of(ada, NFC)


@every_scheme
@every_form
def test_an_old_hash_authorizes_a_new_password(ada: Person, typed: str, scheme: str) -> None:
    set_hash(ada, hash_as_typed(typed, scheme))
    data(ada.post("/auth/change_password", {"current_password": typed, "new_password": ASCII}))
    assert has_hash_of(ada, ASCII)


def test_an_old_password_that_nfc_makes_too_long_still_works(ada: Person) -> None:
    set_hash(ada, hash_as_typed(GROWS, "argon2"))
    assert [log_in(ada, GROWS), log_in(ada, GROWS)] == [200, 200]
    assert has_hash_of(ada, unicodedata.normalize("NFC", GROWS))


# --- The cost of a wrong password -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("wrong horse", 1),
        ("123 !?~ \x00", 1),
        ("мышь 你好 🔑", 1),
        ("ℵ ß ø", 1),
        (NFC, 2),
        (NFD, 2),
        (MIXED, 3),
    ],
)
def test_a_wrong_password_costs_the_same_for_every_account(
    ada: Person, verified: list[str], typed: str, count: int
) -> None:
    costs = []
    for hashed in (None, hash_as_typed("another", "argon2"), hash_as_typed("e\u0301ee\u0301", "argon2")):
        if hashed:
            set_hash(ada, hashed)
        verified.clear()
        assert log_in(ada, typed) == 401
        costs.append(len(verified))
    verified.clear()
    form = {"username": "unknown@example.com", "password": typed}
    assert ada.client.post("/token", data=form).status_code == 401
    assert [*costs, len(verified)] == [count] * 4
    assert set(verified) == {passwords.UNKNOWN_USER_HASH}


@pytest.mark.parametrize("typed", [ASCII, NFC])
def test_the_right_password_in_nfc_costs_one_computation(client: TestClient, verified: list[str], typed: str) -> None:
    ada = Person.sign_up(client, "ada@example.com", password=typed)
    verified.clear()
    assert log_in(ada, typed) == 200
    assert len(verified) == 1


def test_a_current_hash_of_nfc_is_not_replaced() -> None:
    hashed = asyncio.run(passwords.hash_password(NFC))
    attempts = rate_limits.recheck(Request(http_scope()), user_id=7)
    for form in FORMS.values():
        assert asyncio.run(passwords.verify_password(form, hashed, attempts)) == (True, None)
