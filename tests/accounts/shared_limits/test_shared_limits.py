"""Rate limits of two instances that share a Redis server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from redis import Redis

from ...support.people import PASSWORD
from ...support.people import data
from ...support.servers import Service
from ...support.servers import wait_for
from .conftest import RedisServer

pytestmark = pytest.mark.any_database


@contextmanager
def two_instances(database_url: str, redis: RedisServer, folder: Path) -> Iterator[list[Service]]:
    folders = [folder / "one", folder / "two"]
    for each in folders:
        each.mkdir()
    with (
        Service(database_url, folders[0], RATE_LIMIT_STORAGE=redis.url) as one,
        Service(database_url, folders[1], RATE_LIMIT_STORAGE=redis.url) as two,
    ):
        body = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
        data(one.client.post("/users", json=body))
        yield [one, two]


def log_in(service: Service, password: str, **headers: str) -> httpx2.Response:
    form = {"username": "ada@example.com", "password": password}
    return service.client.post("/token", data=form, headers=headers)


def test_both_instances_count_failed_logins_together(database_url: str, redis: RedisServer, tmp_path: Path) -> None:
    with redis.running(), two_instances(database_url, redis, tmp_path) as services:
        statuses = [log_in(services[n % 2], "wrong").status_code for n in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        for service in services:
            refused = log_in(service, PASSWORD)
            assert refused.status_code == 429
            assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60


def test_forwarded_addresses_of_clients_are_ignored(database_url: str, redis: RedisServer, tmp_path: Path) -> None:
    with redis.running(), two_instances(database_url, redis, tmp_path) as services:
        statuses = []
        for n in range(32):
            spoofed = {
                "X-Forwarded-For": f"203.0.113.{n}",
                "Forwarded": f"for=203.0.113.{n}",
                "X-Real-IP": f"10.0.0.{n}",
            }
            body = {"email": f"person{n}@example.com"}
            response = services[n % 2].client.post("/auth/request_password_reset", json=body, headers=spoofed)
            statuses.append(response.status_code)
        assert statuses == [200] * 30 + [429] * 2


def test_each_instance_counts_alone_without_redis(database_url: str, redis: RedisServer, tmp_path: Path) -> None:
    with two_instances(database_url, redis, tmp_path) as services:
        for service in services:
            assert [log_in(service, "wrong").status_code for _ in range(11)] == [401] * 10 + [429]
            assert "The shared rate limit storage is unavailable" in service.log()
        with redis.running():
            wait_for(lambda: log_in(services[0], PASSWORD).status_code == 200)


def test_no_email_or_address_is_stored_in_redis(database_url: str, redis: RedisServer, tmp_path: Path) -> None:
    with redis.running(), two_instances(database_url, redis, tmp_path) as (one, _):
        log_in(one, "wrong")
        with Redis.from_url(redis.url, decode_responses=True) as connection:
            keys = connection.keys()
        assert keys
        assert not [key for key in keys if "ada" in key or "127.0.0.1" in key]
