"""With a mail server, an address gets only mails with a link to verify it until the link is opened."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from httpx2 import Response
from jose import jwt
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import event_types
from ninepanels import sqlmodels as sql
from ninepanels.accounts import verification
from ninepanels.accounts.tokens import ALGORITHM
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.main import create_api

from ..conftest import Clock
from ..support.mail_server import MailServer
from ..support.mailbox import link_in
from ..support.mailbox import text_of
from ..support.outbox import is_leased
from ..support.outbox import rows
from ..support.outbox import wait_until_sent
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from ..support.servers import wait_for

ADVERT = "Cheap pills at evil.example"
CONFIRM, TAKEN = "Confirm your e-mail address for Nine Panels", "You already have an account at Nine Panels"
RESET, WELCOME = "Your new password for Nine Panels", "Welcome to Nine Panels"
CHANGED = "Your e-mail address was changed"


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with MailServer.running() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, mails: MailServer) -> Settings:
    return settings.model_copy(update={"smtp_url": mails.url, "app_url": "https://nine.example/app"})


@pytest.fixture
def ada(client: TestClient, mails: MailServer) -> Person:
    """A user whose e-mail is verified."""
    ada = Person.sign_up(client, "ada@example.com")
    data(open_link(client, mails.wait_for(1)[0]))
    mails.wait_for(2)
    mails.mails.clear()
    return ada


def token_in(mail: EmailMessage) -> str:
    link = r"^https://nine\.example/app/verify_email\?verification_token=(\S+)"
    found = re.search(link, text_of(mail), re.MULTILINE)
    assert found, text_of(mail)
    return found[1]


def open_link(client: TestClient, mail: EmailMessage) -> Response:
    return client.post("/auth/verify_email", json={"verification_token": token_in(mail)})


def change_email(person: Person, email: str) -> Response:
    return person.patch("/users", {"email": email, "current_password": PASSWORD})


def delivered(mails: MailServer, count: int) -> list[tuple[str, str]]:
    """Wait for the mails and return their recipients and subjects."""
    found = [(str(mail["To"]), str(mail["Subject"])) for mail in mails.wait_for(count)]
    assert len(found) == count
    return found


def test_an_unverified_account_works_and_gets_only_mails_with_a_link_and_without_its_name(
    client: TestClient, mails: MailServer
) -> None:
    eve = Person.sign_up(client, "victim@example.com", name=ADVERT)
    eve.tap(eve.new_panel())
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    eve.token = data(eve.post("/auth/change_password", change))["access_token"]
    data(client.post("/auth/request_password_reset", json={"email": eve.email}))
    assert delivered(mails, 2) == [(eve.email, CONFIRM), (eve.email, RESET)]
    assert not [mail for mail in mails.mails if "evil" in mail.as_string()]
    assert not data(eve.get("/users"))["is_email_verified"]
    data(open_link(client, mails.mails[0]))
    assert data(eve.get("/users"))["is_email_verified"]
    assert delivered(mails, 3)[2] == (eve.email, WELCOME)
    assert ADVERT in text_of(mails.mails[2])


def test_a_reset_link_verifies_the_address_that_it_was_sent_to(client: TestClient, mails: MailServer) -> None:
    eve = Person.sign_up(client, "eve@example.com")
    data(client.post("/auth/request_password_reset", json={"email": eve.email}))
    body = link_in(mails.wait_for(2)[1]) | {"new_password": "battery staple"}
    data(client.post("/auth/password_reset", json=body))
    eve.token = Person.log_in(client, eve.email, "battery staple")
    assert data(eve.get("/users"))["is_email_verified"]
    assert data(open_link(client, mails.mails[0])) == {"success": True}


def test_an_invalid_token_is_a_401_that_does_not_say_why(
    wall_clock: Clock, client: TestClient, settings: Settings, mails: MailServer
) -> None:
    eve = Person.sign_up(client, "eve@example.com")
    link = token_in(mails.wait_for(1)[0])
    claims, secret = jwt.get_unverified_claims(link), settings.jwt_secret.get_secret_value()
    tokens = [
        "",
        "x",
        link[:-4],
        eve.token,
        verification.issue_token(eve.id, "former@example.com", settings),
        verification.issue_token(eve.id + 1, eve.email, settings),
        jwt.encode({name: value for name, value in claims.items() if name != "aud"}, secret, ALGORITHM),
        jwt.encode({name: value for name, value in claims.items() if name != "sub"}, secret, ALGORITHM),
        jwt.encode(claims, secret, "HS512"),
    ]
    responses = [client.post("/auth/verify_email", json={"verification_token": token}) for token in tokens]
    wall_clock.now += verification.LIFETIME
    responses.append(client.post("/auth/verify_email", json={"verification_token": link}))
    assert {response.status_code for response in responses} == {401}
    assert {response.json()["data"]["code"] for response in responses} == {"invalid_verification_token"}
    assert len({response.content for response in responses}) == 1
    assert not data(eve.get("/users"))["is_email_verified"]


def test_the_token_of_a_link_is_no_access_token(client: TestClient, mails: MailServer) -> None:
    eve = Person.sign_up(client, "eve@example.com")
    eve.token = token_in(mails.wait_for(1)[0])
    assert eve.get("/users").status_code == 401


def test_a_new_email_replaces_the_old_one_when_its_link_is_opened(ada: Person, mails: MailServer) -> None:
    user = data(change_email(ada, "Lovelace@example.com"))
    assert (user["email"], user["new_email"]) == (ada.email, "lovelace@example.com")
    assert delivered(mails, 1) == [("lovelace@example.com", CONFIRM)]
    assert Person.log_in(ada.client, ada.email)
    data(open_link(ada.client, mails.mails[0]))
    user = data(ada.get("/users"))
    assert (user["email"], user["new_email"], user["is_email_verified"]) == ("lovelace@example.com", None, True)
    assert delivered(mails, 2)[1] == (ada.email, CHANGED)
    assert ada.client.post("/token", data={"username": ada.email, "password": PASSWORD}).status_code == 401
    assert open_link(ada.client, mails.mails[0]).status_code == 200


def test_an_address_that_was_never_verified_is_not_told_of_a_change(client: TestClient, mails: MailServer) -> None:
    eve = Person.sign_up(client, "typing.mistake@example.com")
    mails.wait_for(1)
    data(change_email(eve, "eve@example.com"))
    data(open_link(client, mails.wait_for(2)[1]))
    assert data(eve.get("/users"))["email"] == "eve@example.com"
    assert open_link(client, mails.mails[0]).status_code == 401
    assert "email_changed" not in [row.kind for row in rows()]


def test_the_same_email_again_sends_another_link_or_keeps_the_verified_one(ada: Person, mails: MailServer) -> None:
    for _ in range(2):
        data(change_email(ada, "lovelace@example.com"))
    assert delivered(mails, 2) == [("lovelace@example.com", CONFIRM)] * 2
    assert data(change_email(ada, ada.email))["new_email"] is None
    assert open_link(ada.client, mails.mails[0]).status_code == 401
    bob = Person.sign_up(ada.client, "bob@example.com")
    data(change_email(bob, bob.email))
    assert delivered(mails, 4)[2:] == [(bob.email, CONFIRM)] * 2


def test_a_sign_up_with_a_taken_email_looks_like_any_other(recorder: Recorder, ada: Person, mails: MailServer) -> None:
    body = {"name": ADVERT, "password": "battery staple", "timezone": "Asia/Tokyo", "day_starts_at": 3}
    emails = ["before@example.com", "ADA@example.com", "after@example.com"]
    responses = [ada.client.post("/users", json=body | {"email": email}) for email in emails]
    before, taken, after = (data(response) for response in responses)
    assert list(taken) == list(before)
    varying = {name: before[name] for name in ("id", "email", "created_at")}
    assert taken | varying == before
    assert [taken["id"], after["id"]] == [before["id"] + 1, before["id"] + 2]
    assert delivered(mails, 3)[1] == (ada.email, TAKEN)
    assert ADVERT not in mails.mails[1].as_string()
    assert recorder.next(event_types.SIGN_UP_REPEATED)
    assert Person.log_in(ada.client, ada.email)


def test_a_change_to_a_taken_email_looks_like_any_other(ada: Person, mails: MailServer, statements: list[str]) -> None:
    bob = Person.sign_up(ada.client, "bob@example.com")
    costs = []
    for email in (ada.email, "free@example.com"):
        statements.clear()
        user = data(change_email(bob, email))
        costs.append(list(statements))
        assert (user["email"], user["new_email"]) == (bob.email, email)
    assert costs[0] == costs[1]
    assert delivered(mails, 3)[1:] == [(ada.email, TAKEN), ("free@example.com", CONFIRM)]


def test_a_repeated_sign_up_sends_another_link_to_an_unverified_address(client: TestClient, mails: MailServer) -> None:
    eve = Person.sign_up(client, "eve@example.com")
    data(client.post("/users", json={"email": eve.email, "name": "Eve", "password": "battery staple"}))
    assert delivered(mails, 2) == [(eve.email, CONFIRM)] * 2
    data(open_link(client, mails.mails[1]))
    assert data(eve.get("/users"))["is_email_verified"]


def test_a_link_is_invalid_once_another_account_has_the_email(ada: Person, mails: MailServer) -> None:
    data(change_email(ada, "lovelace@example.com"))
    link = mails.wait_for(1)[0]
    Person.sign_up(ada.client, "lovelace@example.com")
    assert open_link(ada.client, link).status_code == 401
    assert data(ada.get("/users"))["email"] == ada.email


def test_deleting_an_account_deletes_the_mails_that_others_caused_to_it(ada: Person, mails: MailServer) -> None:
    bob = Person.sign_up(ada.client, "bob@example.com")
    data(change_email(bob, ada.email))
    mails.wait_for(2)
    wait_for(lambda: all(row.sent_at for row in rows()))
    mails.refusal = "450 Try later"
    data(ada.client.post("/users", json={"email": ada.email, "name": "Eve", "password": PASSWORD}))
    data(ada.delete("/users"))
    assert {row.recipient for row in rows()} == {bob.email}


def test_a_mail_is_obsolete_when_its_account_or_its_new_email_is_gone(
    wall_clock: Clock, ada: Person, mails: MailServer
) -> None:
    mails.refusal = "450 Try later"
    data(change_email(ada, "lovelace@example.com"))
    # Not while it is leased: it would be postponed after the clock is set.
    wait_for(lambda: all(row.sent_at or (row.attempts and not is_leased(row)) for row in rows()))
    data(change_email(ada, ada.email))
    mails.refusal = None
    wall_clock.now += timedelta(minutes=1)
    bob = Person.sign_up(ada.client, "bob@example.com")
    wait_for(lambda: "lovelace@example.com" not in [row.recipient for row in rows()])
    assert delivered(mails, 1) == [(bob.email, CONFIRM)]


def test_no_token_of_a_link_is_stored(client: TestClient, mails: MailServer) -> None:
    Person.sign_up(client, "eve@example.com")
    token = token_in(mails.wait_for(1)[0])
    wait_until_sent()
    with database.connection() as connection:
        stored = [connection.execute(select(table)).all() for table in sql.Base.metadata.sorted_tables]
    assert "eve@example.com" in str(stored)
    assert token not in str(stored)


def test_without_a_mail_server_emails_count_as_verified_and_the_log_says_so(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with TestClient(create_api(settings.model_copy(update={"smtp_url": ""}))) as client:
        eve = Person.sign_up(client, "eve@example.com")
        assert data(eve.get("/users"))["is_email_verified"]
    assert "and e-mails are not verified" in capsys.readouterr().err
