"""Rate limits of logins, password checks, sign-ups and password resets."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from fastapi import Request
from httpx2 import Response
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import exceptions
from ninepanels.accounts import rate_limits
from ninepanels.accounts.rate_limits import RateLimiter
from ninepanels.config import Settings
from ninepanels.main import create_api

from ..conftest import Clock
from ..crud.test_concurrency import send_concurrently
from ..support.asgi import http_scope
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data

pytestmark = pytest.mark.any_database

WINDOW_S = 15 * 60


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of a service with rate limits, as by default."""
    with TestClient(create_api(settings.model_copy(update={"rate_limits": "on"}))) as client:
        yield client


def log_in(client: TestClient, email: str = "ada@example.com", password: str = "wrong") -> Response:
    return client.post("/token", data={"username": email, "password": password})


def fail_logins(client: TestClient, count: int, email: str = "ada@example.com") -> list[int]:
    return [log_in(client, email).status_code for _ in range(count)]


def change(person: Person, current_password: str) -> Response:
    body = {"current_password": current_password, "new_password": "battery staple"}
    return person.post("/auth/change_password", body)


# --- Logins -----------------------------------------------------------------------------------------------------------


def test_after_ten_failed_logins_even_the_right_password_is_refused(ada: Person) -> None:
    assert fail_logins(ada.client, 11) == [401] * 10 + [429]
    assert log_in(ada.client, password=PASSWORD).status_code == 429


def test_a_refused_login_has_retry_after_and_the_envelope(ada: Person) -> None:
    fail_logins(ada.client, 10)
    response = log_in(ada.client)
    assert 0 < int(response.headers["Retry-After"]) <= WINDOW_S
    assert set(response.json()) == {"data", "status_code", "is_error", "error_message", "meta"}
    assert response.json()["error_message"] == "Too many attempts. Please wait before you try again."


def test_unknown_accounts_have_the_same_limit(ada: Person) -> None:
    for email in ("unknown@example.com", ada.email):
        assert fail_logins(ada.client, 12, email) == [401] * 10 + [429] * 2


def test_spellings_of_an_email_count_as_one_account(ada: Person) -> None:
    spellings = ["ada@example.com", "ADA@example.com", " ada@example.com", "Ada@Example.com "] * 3
    assert [log_in(ada.client, email).status_code for email in spellings] == [401] * 10 + [429] * 2


def test_control_characters_in_an_email_do_not_bypass_the_limit(ada: Person) -> None:
    for n in range(1, 21):
        log_in(ada.client, "ada" + "\x00" * n + "@example.com")
    assert log_in(ada.client, "\x00ada@example.com", PASSWORD).status_code != 200
    assert log_in(ada.client, password=PASSWORD).status_code == 200


def test_unicode_forms_of_an_email_count_as_one_account(client: TestClient) -> None:
    Person.sign_up(client, "ada@bücher.example")
    spellings = ["ada@bücher.example", "ada@xn--bcher-kva.example", "ada@bu\u0308cher.example"] * 4
    assert [log_in(client, email).status_code for email in spellings] == [401] * 10 + [429] * 2


def test_successful_logins_do_not_count_as_failed(ada: Person) -> None:
    fail_logins(ada.client, 9)
    assert [log_in(ada.client, password=PASSWORD).status_code for _ in range(12)] == [200] * 12
    assert fail_logins(ada.client, 2) == [401, 429]


def test_logins_per_account_are_limited_even_if_the_password_is_right(ada: Person) -> None:
    logins = send_concurrently([lambda: log_in(ada.client, password=PASSWORD)] * 35)
    # The first login was the fixture's.
    assert sorted(logins) == [200] * 29 + [429] * 6
    assert data(ada.get("/panels")) == []


def test_parallel_failed_logins_are_counted(ada: Person) -> None:
    assert sorted(send_concurrently([lambda: log_in(ada.client)] * 30)) == [401] * 10 + [429] * 20


def test_failed_logins_per_address_are_limited(ada: Person) -> None:
    statuses = [log_in(ada.client, f"person{n}@example.com").status_code for n in range(52)]
    assert statuses == [401] * 50 + [429] * 2


def test_other_users_can_log_in_while_an_account_is_limited(ada: Person, bob: Person) -> None:
    fail_logins(ada.client, 11)
    assert log_in(bob.client, bob.email, PASSWORD).status_code == 200


def test_failed_logins_do_not_affect_existing_sessions(ada: Person) -> None:
    fail_logins(ada.client, 60)
    assert data(ada.get("/panels")) == []
    assert data(change(ada, PASSWORD))["success"] is True


def test_a_login_is_accepted_again_after_the_window(
    wall_clock: Clock, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "monotonic", lambda: wall_clock.now.timestamp())
    fail_logins(ada.client, 10)
    wall_clock.set("2026-11-23T12:14:59+00:00")
    refused = log_in(ada.client)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 1
    wall_clock.set("2026-11-23T12:15:01+00:00")
    assert log_in(ada.client, password=PASSWORD).status_code == 200


# --- Current password of a session ------------------------------------------------------------------------------------


def test_wrong_current_passwords_of_a_session_are_limited_for_its_user(ada: Person, bob: Person) -> None:
    assert [change(ada, "wrong").status_code for _ in range(11)] == [403] * 10 + [429]
    assert change(ada, PASSWORD).status_code == 429
    new_email = {"email": "eve@example.com", "current_password": PASSWORD}
    assert ada.patch("/users", new_email).status_code == 429
    assert data(ada.get("/users"))["email"] == ada.email
    assert change(bob, "wrong").status_code == 403


def test_wrong_current_passwords_do_not_count_against_logins(ada: Person) -> None:
    for _ in range(11):
        change(ada, "wrong")
    assert log_in(ada.client, password=PASSWORD).status_code == 200


def test_right_current_passwords_of_a_session_are_limited(ada: Person, verified: list[str]) -> None:
    verified.clear()
    statuses = {ada.patch("/users", {"email": ada.email, "current_password": PASSWORD}).status_code for _ in range(32)}
    assert (statuses, len(verified)) == ({200, 429}, 30)


# --- Sign-ups and resets ----------------------------------------------------------------------------------------------


def sign_up(client: TestClient, email: str) -> int:
    return client.post("/users", json={"email": email, "name": "x", "password": PASSWORD}).status_code


def test_sign_ups_per_address_are_limited(client: TestClient) -> None:
    assert [sign_up(client, f"person{n}@example.com") for n in range(31)] == [200] * 30 + [429]


def test_sign_ups_per_email_are_limited(client: TestClient) -> None:
    assert [sign_up(client, "ada@example.com") for _ in range(7)] == [200] + [409] * 4 + [429] * 2


def test_a_malformed_sign_up_does_not_count(client: TestClient) -> None:
    assert [sign_up(client, "no e-mail") for _ in range(40)] == [422] * 40
    assert sign_up(client, "ada@example.com") == 200


def request_reset(client: TestClient, email: str) -> int:
    return client.post("/auth/request_password_reset", json={"email": email}).status_code


@pytest.mark.parametrize("email", ["ada@example.com", "unknown@example.com"])
def test_reset_requests_per_email_are_limited(ada: Person, email: str) -> None:
    assert [request_reset(ada.client, email) for _ in range(7)] == [200] * 5 + [429] * 2


def test_reset_requests_per_address_are_limited(client: TestClient) -> None:
    statuses = [request_reset(client, f"person{n}@example.com") for n in range(32)]
    assert statuses == [200] * 30 + [429] * 2


def test_a_refused_request_counts_against_no_other_limit(client: TestClient) -> None:
    for n in range(40):
        request_reset(client, f"person{n}@example.com")
    for _ in range(10):
        request_reset(client, "ada@example.com")
    from_another_address = rate_limits.reset_request(Request(http_scope()), "ada@example.com")
    rate_limits.rate_limiter.check(from_another_address)


# --- The state of the limits in the headers ---------------------------------------------------------------------------


def limits_of(response: Response) -> list[tuple[str, int, int, int]]:
    """Return name, quota, remaining attempts and window of each limit that a response reports."""
    policies = re.findall(r'"(\w+)";q=(\d+);w=(\d+)(?:, |$)', response.headers["RateLimit-Policy"])
    states = re.findall(r'"(\w+)";r=(\d+);t=(\d+)(?:, |$)', response.headers["RateLimit"])
    assert [name for name, _, _ in policies] == [name for name, _, _ in states]
    assert all(1 <= int(t) <= int(w) for (_, _, w), (_, _, t) in zip(policies, states, strict=True))
    return [(name, int(q), int(r), int(w)) for (name, q, w), (_, r, _) in zip(policies, states, strict=True)]


def test_a_login_reports_the_limit_of_the_address_whatever_the_account_is(ada: Person) -> None:
    failures = [log_in(ada.client, email) for email in ("unknown@example.com", ada.email)]
    logins = [*failures, log_in(ada.client, password=PASSWORD)]
    assert [response.status_code for response in logins] == [401, 401, 200]
    assert [limits_of(each) for each in logins] == [
        [("failed_logins_per_address", 50, 49, WINDOW_S)],
        [("failed_logins_per_address", 50, 48, WINDOW_S)],
        # The first one was the fixture's.
        [("logins_per_address", 100, 98, WINDOW_S)],
    ]


def test_a_refused_login_reports_the_limit_of_the_address_only(ada: Person) -> None:
    fail_logins(ada.client, 10)
    response = log_in(ada.client)
    assert response.status_code == 429
    assert limits_of(response) == [("failed_logins_per_address", 50, 40, WINDOW_S)]


def test_the_wait_of_an_exhausted_limit_is_in_both_headers(client: TestClient) -> None:
    for n in range(30):
        request_reset(client, f"person{n}@example.com")
    response = client.post("/auth/request_password_reset", json={"email": "ada@example.com"})
    assert limits_of(response) == [("reset_requests_per_address", 30, 0, 3_600)]
    seconds = int(response.headers["RateLimit"].partition("t=")[2])
    assert 0 <= int(response.headers["Retry-After"]) - seconds <= 1


def test_a_sign_up_reports_the_limit_of_the_address_also_if_it_fails(client: TestClient) -> None:
    body = {"email": "ada@example.com", "name": "x", "password": PASSWORD}
    responses = [client.post("/users", json=body) for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 409]
    assert [limits_of(each) for each in responses] == [
        [("sign_ups_per_address", 30, remaining, 3_600)] for remaining in (29, 28)
    ]


def test_a_change_of_the_account_reports_the_limits_of_the_user_and_of_the_address(ada: Person) -> None:
    assert limits_of(change(ada, "wrong")) == [("failed_rechecks_per_user", 10, 9, WINDOW_S)]
    deletion = ada.request("DELETE", "/users", json={"current_password": "wrong"})
    assert limits_of(deletion) == [("failed_rechecks_per_user", 10, 8, WINDOW_S)]
    changed = ada.patch("/users", {"email": "eve@example.com", "current_password": PASSWORD})
    assert limits_of(changed) == [
        ("rechecks_per_user", 30, 29, WINDOW_S),
        ("account_changes_per_user", 5, 4, 3_600),
        ("account_changes_per_address", 30, 29, 3_600),
        ("writes_per_user", 600, 599, 60),
        ("account_updates_per_user", 60, 59, 3_600),
    ]


def test_requests_without_limits_report_none(ada: Person) -> None:
    for response in (ada.get("/panels"), ada.post("/auth/logout", None), ada.post("/users", {})):
        assert not {"ratelimit", "ratelimit-policy"} & set(response.headers)


# --- Parallel attempts ------------------------------------------------------------------------------------------------


def test_parallel_counts_never_exceed_a_limit() -> None:
    limiter = RateLimiter()
    limiter.connect(on=True, storage="memory")
    attempts = rate_limits.recheck(Request(http_scope()), user_id=7).failed
    limit = rate_limits.FAILED_RECHECKS_PER_USER.amount
    barrier = Barrier(4 * limit)

    def count(_number: int) -> bool:
        barrier.wait()
        try:
            limiter.count(attempts)
        except exceptions.RateLimited:
            return False
        return True

    with ThreadPoolExecutor(barrier.parties) as threads:
        assert sum(threads.map(count, range(barrier.parties))) == limit


# --- Off --------------------------------------------------------------------------------------------------------------


def test_without_rate_limits_nothing_is_limited(settings: Settings) -> None:
    with TestClient(create_api(settings)) as client:
        assert fail_logins(client, 12) == [401] * 12
        assert [request_reset(client, "ada@example.com") for _ in range(7)] == [200] * 7
        assert "RateLimit" not in log_in(client).headers
