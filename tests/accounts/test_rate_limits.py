"""Rate limits of logins, password checks, sign-ups and password resets."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from threading import Lock
from types import SimpleNamespace

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from ninepanels import exceptions
from ninepanels.accounts import passwords
from ninepanels.accounts import rate_limits
from ninepanels.accounts.rate_limits import RateLimiter
from ninepanels.config import Settings
from ninepanels.main import create_api

from ..conftest import Clock
from ..crud.test_concurrency import send_concurrently
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data

WINDOW_S = 15 * 60


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """The service with its limits on, as it is by default."""
    with TestClient(create_api(settings.model_copy(update={"rate_limits": "on"}))) as client:
        yield client


def guess(client: TestClient, email: str = "ada@example.com", password: str = "wrong") -> Response:
    return client.post("/token", data={"username": email, "password": password})


def guesses(client: TestClient, how_many: int, email: str = "ada@example.com") -> list[int]:
    return [guess(client, email).status_code for _ in range(how_many)]


def change(person: Person, current_password: str) -> Response:
    body = {"current_password": current_password, "new_password": "battery staple"}
    return person.post("/auth/change_password", body)


# --- Logins -----------------------------------------------------------------------------------------------------------


def test_a_guesser_is_stopped_even_with_the_right_password(ada: Person) -> None:
    assert guesses(ada.client, 11) == [401] * 10 + [429]
    assert guess(ada.client, password=PASSWORD).status_code == 429


def test_who_is_stopped_is_told_until_when_in_the_envelope(ada: Person) -> None:
    guesses(ada.client, 10)
    response = guess(ada.client)
    assert 0 < int(response.headers["Retry-After"]) <= WINDOW_S
    assert set(response.json()) == {"data", "status_code", "is_error", "error_message", "meta"}
    assert response.json()["error_message"] == "Too many attempts. Please wait before you try again."


def test_an_account_that_does_not_exist_is_limited_alike(ada: Person) -> None:
    assert guesses(ada.client, 12, "nobody@example.com") == guesses(ada.client, 12)


def test_the_same_email_spelled_otherwise_is_the_same_account(ada: Person) -> None:
    spellings = ["ada@example.com", "ADA@example.com", " ada@example.com", "Ada@Example.com "] * 3
    assert [guess(ada.client, email).status_code for email in spellings] == [401] * 10 + [429] * 2


def test_no_character_in_between_makes_it_another_account(ada: Person) -> None:
    for n in range(1, 21):
        guess(ada.client, "ada" + "\x00" * n + "@example.com")
    assert guess(ada.client, "\x00ada@example.com", PASSWORD).status_code != 200
    assert guess(ada.client, password=PASSWORD).status_code == 200


def test_an_address_in_another_unicode_form_is_the_same_account(client: TestClient) -> None:
    Person.sign_up(client, "ada@bücher.example")
    spellings = ["ada@bücher.example", "ada@xn--bcher-kva.example", "ada@bu\u0308cher.example"] * 4
    assert [guess(client, email).status_code for email in spellings] == [401] * 10 + [429] * 2


def test_successes_do_not_count(ada: Person) -> None:
    guesses(ada.client, 9)
    assert [guess(ada.client, password=PASSWORD).status_code for _ in range(12)] == [200] * 12
    assert guesses(ada.client, 2) == [401, 429]


def test_guesses_sent_all_at_once_are_counted_all_the_same(ada: Person) -> None:
    assert sorted(send_concurrently([lambda: guess(ada.client)] * 30)) == [401] * 10 + [429] * 20


def test_one_address_cannot_try_many_accounts(ada: Person) -> None:
    statuses = [guess(ada.client, f"person{n}@example.com").status_code for n in range(52)]
    assert statuses == [401] * 50 + [429] * 2


def test_others_log_in_while_one_account_is_guessed_at(ada: Person, bob: Person) -> None:
    guesses(ada.client, 11)
    assert guess(bob.client, bob.email, PASSWORD).status_code == 200


def test_a_guesser_cannot_lock_the_owner_out_of_a_session(ada: Person) -> None:
    guesses(ada.client, 60)
    assert data(ada.get("/panels")) == []
    assert data(change(ada, PASSWORD))["success"] is True


def test_the_next_try_is_free_when_the_window_has_passed(
    wall_clock: Clock, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The library reads the time itself.
    monkeypatch.setattr("limits.storage.memory.time", SimpleNamespace(time=lambda: wall_clock.now.timestamp()))
    guesses(ada.client, 10)
    wall_clock.set("2026-11-23T12:14:59+00:00")
    refused = guess(ada.client)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 1
    wall_clock.set("2026-11-23T12:15:01+00:00")
    assert guess(ada.client, password=PASSWORD).status_code == 200


# --- Passwords asked for again ----------------------------------------------------------------------------------------


def test_a_thief_cannot_guess_the_password_with_a_session(ada: Person) -> None:
    assert [change(ada, "wrong").status_code for _ in range(11)] == [403] * 10 + [429]
    assert change(ada, PASSWORD).status_code == 429
    new_email = {"email": "eve@example.com", "current_password": PASSWORD}
    assert ada.patch("/users", new_email).status_code == 429
    assert data(ada.get("/users"))["email"] == ada.email


def test_wrong_passwords_of_a_session_do_not_count_against_its_logins(ada: Person) -> None:
    for _ in range(11):
        change(ada, "wrong")
    assert guess(ada.client, password=PASSWORD).status_code == 200


# --- Sign-ups and resets ----------------------------------------------------------------------------------------------


def sign_up(client: TestClient, email: str) -> int:
    return client.post("/users", json={"email": email, "name": "x", "password": PASSWORD}).status_code


def test_one_address_cannot_make_many_accounts(client: TestClient) -> None:
    assert [sign_up(client, f"person{n}@example.com") for n in range(31)] == [200] * 30 + [429]


def test_one_email_cannot_be_tried_many_times(client: TestClient) -> None:
    assert [sign_up(client, "ada@example.com") for _ in range(7)] == [200] + [409] * 4 + [429] * 2


def test_a_malformed_sign_up_does_not_count(client: TestClient) -> None:
    assert [sign_up(client, "no e-mail") for _ in range(40)] == [422] * 40
    assert sign_up(client, "ada@example.com") == 200


def ask_for_reset(client: TestClient, email: str) -> int:
    return client.post("/auth/request_password_reset", json={"email": email}).status_code


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_nobodys_mailbox_can_be_flooded(ada: Person, email: str) -> None:
    assert [ask_for_reset(ada.client, email) for _ in range(7)] == [200] * 5 + [429] * 2


def test_one_address_cannot_ask_for_many_resets(client: TestClient) -> None:
    statuses = [ask_for_reset(client, f"person{n}@example.com") for n in range(32)]
    assert statuses == [200] * 30 + [429] * 2


def test_what_one_limit_refuses_counts_against_no_other(client: TestClient) -> None:
    for n in range(40):
        ask_for_reset(client, f"person{n}@example.com")
    for _ in range(10):
        ask_for_reset(client, "ada@example.com")
    elsewhere = rate_limits.reset_request("ada@example.com", "another address")
    rate_limits.rate_limiter.check(elsewhere)


# --- Parallel attempts ------------------------------------------------------------------------------------------------


@pytest.fixture
def limiter(monkeypatch: pytest.MonkeyPatch) -> RateLimiter:
    """An empty rate limiter, also used by `passwords`."""
    limiter = RateLimiter()
    limiter.connect(on=True, storage="memory")
    monkeypatch.setattr(passwords, "rate_limiter", limiter)
    return limiter


RECHECK = rate_limits.recheck(user_id=7)
LIMIT = rate_limits.FAILED_RECHECKS_PER_USER.amount


def test_parallel_counts_never_exceed_a_limit(limiter: RateLimiter) -> None:
    barrier = Barrier(4 * LIMIT)

    def count(_number: int) -> bool:
        barrier.wait()
        try:
            limiter.count(RECHECK)
        except exceptions.RateLimited:
            return False
        return True

    with ThreadPoolExecutor(barrier.parties) as threads:
        assert sum(threads.map(count, range(barrier.parties))) == LIMIT


class Verifications:
    """Replaces the verification of a hash: the password is always wrong."""

    def __init__(self, parallel: int = 1) -> None:
        self.count = 0
        self._lock = Lock()
        self._barrier = Barrier(parallel)

    def verify_and_update(self, _password: str, _hashed: str) -> tuple[bool, None]:
        with self._lock:
            self.count += 1
        self._barrier.wait()
        return False, None


def verify_wrong_passwords(how_many: int) -> list[bool | exceptions.RateLimited]:
    """Verify wrong passwords in parallel; return whether each matched, or the error."""

    async def verify() -> bool | exceptions.RateLimited:
        try:
            matches, _ = await passwords.verify_password("wrong", "hash", RECHECK)
        except exceptions.RateLimited as error:
            return error
        return matches

    async def verify_all() -> list[bool | exceptions.RateLimited]:
        return await asyncio.gather(*(verify() for _ in range(how_many)))

    return asyncio.run(verify_all())


@pytest.mark.usefixtures("limiter")
def test_parallel_guesses_exceed_a_limit_by_less_than_the_number_of_hashing_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verifications = Verifications()
    monkeypatch.setattr(passwords.context, "verify_and_update", verifications.verify_and_update)
    results = verify_wrong_passwords(4 * LIMIT)
    assert results.count(False) == LIMIT
    assert LIMIT <= verifications.count < LIMIT + passwords.HASHING_THREADS


def test_guesses_verified_beyond_the_limit_are_refused(limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch) -> None:
    verifications = Verifications(parallel=passwords.HASHING_THREADS)
    monkeypatch.setattr(passwords.context, "verify_and_update", verifications.verify_and_update)
    for _ in range(LIMIT - 1):
        limiter.count(RECHECK)
    results = verify_wrong_passwords(passwords.HASHING_THREADS)
    assert verifications.count == passwords.HASHING_THREADS
    assert results.count(False) == 1


# --- Off --------------------------------------------------------------------------------------------------------------


def test_nothing_is_limited_when_limits_are_off(settings: Settings) -> None:
    with TestClient(create_api(settings)) as client:
        assert guesses(client, 12) == [401] * 12
        assert [ask_for_reset(client, "ada@example.com") for _ in range(7)] == [200] * 7
