"""Rate limits of IPv6 addresses, and the windows in memory."""

import pytest
from fastapi import Request
from limits import RateLimitItemPerMinute

from ninepanels import clock
from ninepanels import exceptions
from ninepanels.accounts import rate_limits
from ninepanels.accounts.limit_windows import MemoryWindows
from ninepanels.accounts.rate_limits import RateLimiter

from ..conftest import Clock
from ..support.asgi import http_scope

LIMIT, WIDER, WIDEST = (each.amount for each in rate_limits.RESET_REQUESTS_PER_ADDRESS)


def accepted(limiter: RateLimiter, addresses: list[str]) -> int:
    """Return how many requests from these addresses, each for another e-mail, are accepted."""
    count = 0
    for number, address in enumerate(addresses):
        request = Request({**http_scope(), "client": (address, 1234)})
        try:
            limiter.count(rate_limits.reset_request(request, f"person{number}@example.com"))
        except exceptions.RateLimited:
            continue
        count += 1
    return count


@pytest.fixture
def limiter() -> RateLimiter:
    limiter = RateLimiter()
    limiter.connect(on=True, storage="memory")
    return limiter


def test_a_change_of_the_address_does_not_evade_the_limits_of_its_networks(limiter: RateLimiter) -> None:
    assert accepted(limiter, [f"2001:db8:1:0:{n:x}::" for n in range(2 * LIMIT)]) == LIMIT
    assert accepted(limiter, [f"2001:db8:1:{n % 256:x}::" for n in range(2 * WIDER)]) == WIDER - LIMIT
    assert accepted(limiter, [f"2001:db8:1:{n:x}::" for n in range(256, 256 + 2 * WIDEST)]) == WIDEST - WIDER
    assert accepted(limiter, ["2001:db8:2::"]) == 1


def test_the_limits_of_networks_are_not_reported(limiter: RateLimiter) -> None:
    scope = {**http_scope(), "client": ("2001:db8::", 1234)}
    limiter.count(rate_limits.sign_up(Request(scope), "ada@example.com"))
    assert scope["state"]["response_headers"][b"ratelimit-policy"] == b'"sign_ups_per_address";q=30;w=3600'


def test_an_attempt_counts_until_its_window_is_over(wall_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    elapsed = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: elapsed[0])
    windows, limit = MemoryWindows(), RateLimitItemPerMinute(2)

    def seconds_and_attempts_left() -> tuple[float, int]:
        reset_time, remaining = windows.get_window_stats(limit, "ada")
        return reset_time - wall_clock.now.timestamp(), remaining

    assert seconds_and_attempts_left() == (60, 2)
    assert windows.hit(limit, "ada")
    elapsed[0] += 20
    assert windows.hit(limit, "ada")
    assert not windows.hit(limit, "ada")
    assert seconds_and_attempts_left() == (40, 0)
    elapsed[0] += 40
    assert seconds_and_attempts_left() == (20, 1)
    assert windows.hit(limit, "ada")


def test_attempts_out_of_their_window_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    elapsed = [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: elapsed[0])
    windows = MemoryWindows()
    limit = rate_limits.FAILED_LOGINS_PER_ACCOUNT
    for number in range(100):
        windows.hit(limit, str(number))
        windows.test(limit, f"unknown{number}")
    elapsed[0] = limit.get_expiry()
    windows.hit(limit, "ada")
    assert [list(subjects) for subjects in windows._attempts.values()] == [["ada"]]
