"""Password verification: parallel guesses against a rate limit, and outdated hashes."""

import asyncio
from threading import Barrier
from threading import Lock
from threading import current_thread

import pytest
from fastapi import Request

from ninepanels import exceptions
from ninepanels.accounts import passwords
from ninepanels.accounts import rate_limits
from ninepanels.accounts.rate_limits import RateLimiter

from ..support.asgi import http_scope


@pytest.fixture
def limiter(monkeypatch: pytest.MonkeyPatch) -> RateLimiter:
    """An empty rate limiter, also used by `passwords`."""
    limiter = RateLimiter()
    limiter.connect(on=True, storage="memory")
    monkeypatch.setattr(passwords, "rate_limiter", limiter)
    return limiter


RECHECK = rate_limits.recheck(Request(http_scope()), user_id=7)
LIMIT = rate_limits.FAILED_RECHECKS_PER_USER.amount


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


def verify_wrong_passwords(count: int) -> list[bool | exceptions.RateLimited]:
    """Verify wrong passwords in parallel; return whether each matched, or the error."""

    async def verify() -> bool | exceptions.RateLimited:
        try:
            matches, _ = await passwords.verify_password("wrong", "hash", RECHECK)
        except exceptions.RateLimited as error:
            return error
        return matches

    async def verify_all() -> list[bool | exceptions.RateLimited]:
        return await asyncio.gather(*(verify() for _ in range(count)))

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
        limiter.count(RECHECK.failed)
    results = verify_wrong_passwords(passwords.HASHING_THREADS)
    assert verifications.count == passwords.HASHING_THREADS
    assert results.count(False) == 1


def test_passwords_are_hashed_and_verified_in_the_hashing_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def note_thread(*_arguments: str) -> tuple[bool, None]:
        threads.append(current_thread().name)
        return True, None

    for name in ("hash", "verify_and_update"):
        monkeypatch.setattr(passwords.context, name, note_thread)
    asyncio.run(passwords.hash_password("correct horse"))
    asyncio.run(passwords.verify_password("correct horse", "hash", RECHECK))
    assert [name.startswith("hashing_") for name in threads] == [True, True]


def test_an_outdated_hash_is_replaced() -> None:
    outdated = passwords.context.handler("bcrypt").hash("correct horse")
    matches, new_hash = asyncio.run(passwords.verify_password("correct horse", outdated, RECHECK))
    assert (matches, str(new_hash).startswith("$argon2id$")) == (True, True)


def test_a_current_hash_is_not_replaced() -> None:
    hashed = asyncio.run(passwords.hash_password("correct horse"))
    assert asyncio.run(passwords.verify_password("correct horse", hashed, RECHECK)) == (True, None)
