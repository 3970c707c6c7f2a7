"""Rate limits of two instances that share a Redis server."""

import shutil
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


@contextmanager
def two_instances(redis: RedisServer, template: Path, folder: Path) -> Iterator[list[Service]]:
    """Run two instances with one database, which contains Ada."""
    database_url = f"sqlite:///{shutil.copy(template, folder / 'test.db')}"
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


@pytest.fixture(scope="module")
def running(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Redis, list[Service]]]:
    redis = RedisServer(tmp_path_factory.mktemp("redis"))
    with (
        redis.running(),
        two_instances(redis, sqlite_template, tmp_path_factory.mktemp("instances")) as services,
        Redis.from_url(redis.url, decode_responses=True) as connection,
    ):
        yield connection, services


@pytest.fixture
def services(running: tuple[Redis, list[Service]]) -> list[Service]:
    """Two instances that have counted nothing yet."""
    connection, services = running
    connection.flushall()
    return services


def log_in(service: Service, password: str, **headers: str) -> httpx2.Response:
    form = {"username": "ada@example.com", "password": password}
    return service.client.post("/token", data=form, headers=headers)


def test_both_instances_count_failed_logins_together(services: list[Service]) -> None:
    statuses = [log_in(services[n % 2], "wrong").status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    for service in services:
        refused = log_in(service, PASSWORD)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60


def test_forwarded_addresses_of_clients_are_ignored(services: list[Service]) -> None:
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


def test_each_instance_counts_alone_without_redis(sqlite_template: Path, tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    with two_instances(redis, sqlite_template, tmp_path) as services:
        for service in services:
            assert [log_in(service, "wrong").status_code for _ in range(11)] == [401] * 10 + [429]
            assert "The shared rate limit storage is unavailable" in service.log()
        with redis.running():
            wait_for(lambda: log_in(services[0], PASSWORD).status_code == 200)


def test_no_email_or_address_is_stored_in_redis(services: list[Service], running: tuple[Redis, object]) -> None:
    log_in(services[0], "wrong")
    keys = list(running[0].scan_iter())
    assert keys
    assert not [key for key in keys if "ada" in key or "127.0.0.1" in key]
