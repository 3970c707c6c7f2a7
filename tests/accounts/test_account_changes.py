"""Rate limits on changes of the password and the e-mail, by users who know the password."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import Request
from httpx2 import Response
from limits import RateLimitItemPerMinute
from sqlalchemy import func
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import pydmodels as pyd
from ninepanels import sqlmodels as sql
from ninepanels.accounts import rate_limits
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.main import create_api

from ..conftest import Clock
from ..crud.test_concurrency import send_concurrently
from ..support.asgi import http_scope
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data

HOUR_S = 60 * 60
NEW_PASSWORD = "battery staple"


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of a service with rate limits, as by default."""
    with TestClient(create_api(settings.model_copy(update={"rate_limits": "on"}))) as client:
        yield client


def change_password(person: Person, number: int = 0) -> Response:
    """Change the password, back and forth, and use the new token."""
    passwords = [PASSWORD, NEW_PASSWORD]
    body = {"current_password": passwords[number % 2], "new_password": passwords[(number + 1) % 2]}
    response = person.post("/auth/change_password", body)
    if response.status_code == 200:
        person.token = data(response)["access_token"]
    return response


def change_email(person: Person, email: str, password: str = PASSWORD) -> Response:
    return person.patch("/users", {"email": email, "current_password": password})


def mails(kind: pyd.MailKind) -> int:
    with database.connection() as connection:
        query = select(func.count()).select_from(sql.OutboxMail).where(sql.OutboxMail.kind == kind)
        return connection.scalar(query) or 0


def assert_refused(response: Response) -> None:
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= HOUR_S


def test_the_sixth_password_change_within_an_hour_is_refused_and_sends_no_mail(ada: Person) -> None:
    assert [change_password(ada, number).status_code for number in range(5)] == [200] * 5
    for _ in range(3):
        assert_refused(change_password(ada, 5))
    assert mails(pyd.MailKind.PASSWORD_CHANGED) == 5
    assert Person.log_in(ada.client, ada.email, NEW_PASSWORD)


def test_the_sixth_email_change_within_an_hour_is_refused_and_sends_no_mail(ada: Person) -> None:
    assert [change_email(ada, f"ada{n}@example.com").status_code for n in range(5)] == [200] * 5
    for n in range(5, 8):
        assert_refused(change_email(ada, f"ada{n}@example.com"))
    assert mails(pyd.MailKind.EMAIL_CHANGED) == 5
    assert data(ada.get("/users"))["email"] == "ada4@example.com"


def test_both_changes_count_against_one_limit(ada: Person) -> None:
    statuses = [change_password(ada, number).status_code for number in range(2)]
    statuses += [change_email(ada, f"ada{n}@example.com").status_code for n in range(4)]
    assert statuses == [200] * 5 + [429]


def test_the_61st_change_of_the_account_within_an_hour_is_refused(ada: Person) -> None:
    assert [ada.patch("/users", {"day_starts_at": n % 6}).status_code for n in range(60)] == [200] * 60
    assert_refused(ada.patch("/users", {"name": "Lovelace"}))
    assert data(ada.get("/users"))["name"] != "Lovelace"


def test_emails_that_are_taken_count(ada: Person, bob: Person) -> None:
    statuses = [change_email(ada, email).status_code for email in [bob.email, bob.email.upper()] * 4]
    assert statuses == [409] * 5 + [429] * 3
    # The answer to a free address is the same, so it does not tell either.
    assert_refused(change_email(ada, "free@example.com"))


def test_changes_per_address_are_limited_for_many_users(client: TestClient) -> None:
    people = [Person.sign_up(client, f"person{n}@example.com") for n in range(8)]
    statuses = [change_email(person, f"{n}.{person.email}").status_code for person in people for n in range(4)]
    assert statuses == [200] * 30 + [429] * 2
    assert_refused(change_password(people[-1]))


def test_changes_to_one_email_are_limited_for_many_users(client: TestClient, ada: Person) -> None:
    people = [Person.sign_up(client, f"person{n}@example.com") for n in range(6)]
    spellings = [ada.email, ada.email.upper(), ada.email.title()] * 2
    statuses = [change_email(person, email).status_code for person, email in zip(people, spellings, strict=True)]
    assert statuses == [409] * 5 + [429]
    assert change_email(people[-1], "free@example.com").status_code == 200


def test_the_limit_of_a_user_does_not_affect_other_users(ada: Person, bob: Person) -> None:
    for number in range(6):
        change_password(ada, number)
    assert change_password(bob).status_code == 200


def test_parallel_changes_are_counted(ada: Person) -> None:
    changes = [lambda n=n: change_email(ada, f"ada{n}@example.com") for n in range(12)]
    assert sorted(send_concurrently(changes)) == [200] * 5 + [429] * 7


def test_changes_are_accepted_again_after_an_hour(
    wall_clock: Clock, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "monotonic", lambda: wall_clock.now.timestamp())
    for n in range(5):
        assert change_email(ada, f"ada{n}@example.com").status_code == 200
    wall_clock.now += timedelta(hours=1, seconds=-1)
    refused = change_email(ada, "later@example.com")
    assert_refused(refused)
    assert refused.headers["Retry-After"] == "1"
    wall_clock.now += timedelta(seconds=2)
    assert change_email(ada, "later@example.com").status_code == 200


def test_other_requests_of_a_limited_user_are_answered(ada: Person) -> None:
    for number in range(7):
        change_password(ada, number)
    assert data(ada.patch("/users", {"name": "Lovelace"}))["name"] == "Lovelace"
    ada.tap(ada.new_panel())
    for _ in range(8):
        assert Person.log_in(ada.client, ada.email, NEW_PASSWORD)
    assert data(ada.client.post("/auth/request_password_reset", json={"email": ada.email})) is True
    assert data(ada.delete("/users")) == {"success": True}


@pytest.mark.parametrize(
    "body", [{"name": "x"}, {"email": "no e-mail", "current_password": PASSWORD}, {"email": "a@b.co"}]
)
def test_requests_that_change_no_account_data_do_not_count(ada: Person, body: dict[str, str]) -> None:
    assert 429 not in {ada.patch("/users", body).status_code for _ in range(8)}
    rate_limits.rate_limiter.check(rate_limits.account_change(Request(http_scope()), ada.id))
    assert [change_password(ada, number).status_code for number in range(5)] == [200] * 5


def test_wrong_passwords_do_not_count_as_changes(ada: Person) -> None:
    assert [change_email(ada, "eve@example.com", "wrong").status_code for _ in range(8)] == [403] * 8
    assert [change_email(ada, f"ada{n}@example.com").status_code for n in range(6)] == [200] * 5 + [429]


def test_a_revoked_token_does_not_use_up_the_limit_of_its_user(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = RateLimitItemPerMinute(1, 60, namespace="account_updates_per_user")
    monkeypatch.setattr(rate_limits, "ACCOUNT_UPDATES_PER_USER", limit)

    def update() -> int:
        return ada.patch("/users", {"name": "Lovelace"}).status_code

    data(ada.post("/auth/logout", None))
    assert [update(), update()] == [401] * 2
    ada.token = Person.log_in(ada.client, ada.email)
    assert [update(), update()] == [200, 429]
