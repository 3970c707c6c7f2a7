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
from ..support.backends import on_both
from ..support.mailbox import Mailbox
from ..support.people import Person
from ..support.people import data

pytestmark = pytest.mark.any_database

NFC = "Größe Ångström 각 \u1ec7"
NFD = unicodedata.normalize("NFD", NFC)
MIXED = "Gro\u0308ße Ångström 각 e\u0323\u0302"
REORDERED = "Größe Ångström 각 e\u0302\u0323"
FORMS = {"NFC": NFC, "NFD": NFD, "mixed": MIXED, "reordered marks": REORDERED}
ASCII = "correct horse"
GROWS = "\ufb2c" * 100
"""Characters that NFC decomposes: 300 of them."""

every_scheme = pytest.mark.parametrize("scheme", ["argon2", "bcrypt"])


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


def test_the_forms_differ_and_have_one_normalized_form() -> None:
    assert len(set(FORMS.values())) == len(FORMS)
    assert {unicodedata.normalize("NFC", form) for form in FORMS.values()} == {NFC}


# --- New passwords ----------------------------------------------------------------------------------------------------


def works_in_every_form(person: Person) -> bool:
    return [log_in(person, form) for form in FORMS.values()] == [200] * len(FORMS)


def test_a_password_works_in_every_form(client: TestClient) -> None:
    for number, typed in enumerate(FORMS.values()):
        person = Person.sign_up(client, f"ada{number}@example.com", password=typed)
        assert has_hash_of(person, NFC)
        assert works_in_every_form(person)


def test_a_changed_password_works_in_every_form(ada: Person) -> None:
    for typed in FORMS.values():
        change = {"current_password": ASCII, "new_password": typed}
        ada.token = data(ada.post("/auth/change_password", change))["access_token"]
        assert works_in_every_form(ada)
        back = {"current_password": typed, "new_password": ASCII}
        ada.token = data(ada.post("/auth/change_password", back))["access_token"]


def test_a_reset_password_works_in_every_form(ada: Person, mailbox: Mailbox) -> None:
    for number, typed in enumerate(FORMS.values(), start=1):
        data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
        body = mailbox.reset_link(number) | {"new_password": typed}
        assert data(ada.client.post("/auth/password_reset", json=body)) is True
        assert works_in_every_form(ada)


def test_a_new_email_is_confirmed_by_the_password_in_every_form(client: TestClient) -> None:
    ada = Person.sign_up(client, "ada@example.com", password=NFC)
    for number, typed in enumerate(FORMS.values()):
        email = f"lovelace{number}@example.com"
        assert data(ada.patch("/users", {"email": email, "current_password": typed}))["email"] == email


def test_the_length_of_a_new_password_is_that_of_nfc(client: TestClient) -> None:
    for password in ("e\u0301" * 7, "ᄀ\u1161\u11a8" * 7, "\ufb2c" * 43, "x" * 129, "e\u0301" * 129):
        sign_up = {"email": "ada@example.com", "name": "Ada", "password": password}
        assert client.post("/users", json=sign_up).status_code == 422, password


def test_a_password_of_8_to_128_characters_in_nfc_works(client: TestClient) -> None:
    accepted = ("e\u0301" * 8, "e\u0301" * 128, "ᄀ\u1161\u11a8" * 128, "\ufb2c" * 42, "🔑" * 128)
    for number, password in enumerate(accepted):
        person = Person.sign_up(client, f"ada{number}@example.com", password=password)
        assert log_in(person, password) == 200, password


# --- Hashes of earlier releases ---------------------------------------------------------------------------------------


@on_both
@every_scheme
def test_an_old_hash_works_and_is_replaced_by_one_of_nfc(ada: Person, scheme: str) -> None:
    for typed in FORMS.values():
        set_hash(ada, hash_as_typed(typed, scheme))
        assert log_in(ada, typed) == 200
        assert has_hash_of(ada, NFC)
        assert works_in_every_form(ada)


@every_scheme
def test_an_old_hash_of_a_normalized_form_works_in_every_form(ada: Person, scheme: str) -> None:
    for hashed in (NFC, NFD):
        for typed in FORMS.values():
            set_hash(ada, hash_as_typed(hashed, scheme))
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


@on_both
@every_scheme
def test_an_old_hash_authorizes_a_new_email_and_is_replaced(ada: Person, scheme: str) -> None:
    for number, typed in enumerate(FORMS.values()):
        set_hash(ada, hash_as_typed(typed, scheme))
        data(ada.patch("/users", {"email": f"lovelace{number}@example.com", "current_password": typed}))
        assert has_hash_of(ada, NFC)


@every_scheme
def test_an_old_hash_authorizes_a_new_password(ada: Person, scheme: str) -> None:
    for typed in FORMS.values():
        set_hash(ada, hash_as_typed(typed, scheme))
        change = {"current_password": typed, "new_password": ASCII}
        ada.token = data(ada.post("/auth/change_password", change))["access_token"]
        assert has_hash_of(ada, ASCII)


def test_an_old_password_that_nfc_makes_too_long_still_works(ada: Person) -> None:
    set_hash(ada, hash_as_typed(GROWS, "argon2"))
    assert [log_in(ada, GROWS), log_in(ada, GROWS)] == [200, 200]
    assert has_hash_of(ada, unicodedata.normalize("NFC", GROWS))


# --- The cost of a wrong password -------------------------------------------------------------------------------------


COSTS = {"wrong horse": 1, "123 !?~ \x00": 1, "мышь 你好 🔑": 1, "ℵ ß ø": 1, NFC: 2, NFD: 2, MIXED: 3}


def test_a_wrong_password_costs_the_same_for_every_account(ada: Person, verified: list[str]) -> None:
    for typed, count in COSTS.items():
        costs = []
        for hashed in (hash_as_typed("another", "argon2"), hash_as_typed("e\u0301ee\u0301", "argon2")):
            set_hash(ada, hashed)
            verified.clear()
            assert log_in(ada, typed) == 401
            costs.append(len(verified))
        verified.clear()
        form = {"username": "unknown@example.com", "password": typed}
        assert ada.client.post("/token", data=form).status_code == 401
        assert [*costs, len(verified)] == [count] * 3, typed
        assert set(verified) == {passwords.UNKNOWN_USER_HASH}


def test_the_right_password_in_nfc_costs_one_computation(client: TestClient, verified: list[str]) -> None:
    for number, typed in enumerate((ASCII, NFC)):
        person = Person.sign_up(client, f"ada{number}@example.com", password=typed)
        verified.clear()
        assert log_in(person, typed) == 200
        assert len(verified) == 1


def test_a_current_hash_of_nfc_is_not_replaced() -> None:
    hashed = asyncio.run(passwords.hash_password(NFC))
    attempts = rate_limits.recheck(Request(http_scope()), user_id=7)
    for form in FORMS.values():
        assert asyncio.run(passwords.verify_password(form, hashed, attempts)) == (True, None)
