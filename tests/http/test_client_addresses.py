"""Client addresses, direct and forwarded."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import Request
from sqlalchemy import select
from starlette.testclient import TestClient

from ninepanels import sqlmodels as sql
from ninepanels.config import Settings
from ninepanels.database import database
from ninepanels.http import client_addresses
from ninepanels.main import create_api

from ..support.backends import on_sqlite
from ..support.people import Person
from ..support.people import data

PROXY = "192.0.2.7"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("203.0.113.9", ["203.0.113.9"]),
        ("::ffff:203.0.113.9", ["203.0.113.9"]),
        ("2001:db8:1:203:4:5:6:7", ["2001:db8:1:203::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"]),
        ("2001:DB8:1:203::", ["2001:db8:1:203::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"]),
        ("fe80::1%eth0", ["fe80::/64", "fe80::/56", "fe80::/48"]),
        ("testclient", ["testclient"]),
    ],
)
def test_ipv4_addresses_and_ipv6_networks_are_returned(host: str, expected: list[str]) -> None:
    assert list(client_addresses.networks_of(Request({"type": "http", "client": (host, 1234)}))) == expected


def test_a_connection_without_an_address_is_unknown() -> None:
    assert client_addresses.networks_of(Request({"type": "http", "client": None})) == ("unknown",)


@contextmanager
def client_at(host: str, settings: Settings, **changes: object) -> Iterator[TestClient]:
    """A client with this address, of a service with rate limits."""
    settings = settings.model_copy(update={"rate_limits": "on"} | changes)
    with TestClient(create_api(settings), client=(host, 1234)) as client:
        yield client


def statuses(client: TestClient, forwarded_for: list[str]) -> list[int]:
    return [
        client.post(
            "/auth/request_password_reset",
            json={"email": f"person{n}@example.com"},
            headers={"X-Forwarded-For": address},
        ).status_code
        for n, address in enumerate(forwarded_for)
    ]


@on_sqlite
def test_forwarded_addresses_are_ignored_by_default(settings: Settings) -> None:
    with client_at(PROXY, settings) as client:
        assert statuses(client, [f"203.0.113.{n}" for n in range(31)]) == [200] * 30 + [429]


@on_sqlite
def test_addresses_from_a_trusted_proxy_are_used(settings: Settings) -> None:
    with client_at(PROXY, settings, trusted_proxies=("192.0.2.0/24",)) as client:
        assert statuses(client, [f"203.0.113.{n}" for n in range(31)]) == [200] * 31
        assert statuses(client, ["203.0.113.99"] * 31)[-1] == 429


@on_sqlite
def test_an_ipv4_address_that_a_trusted_proxy_maps_to_ipv6_is_recorded_as_ipv4(settings: Settings) -> None:
    with client_at(PROXY, settings, trusted_proxies=("192.0.2.0/24",)) as client:
        ada = Person.sign_up(client, "ada@example.com")
        data(ada.request("POST", "/auth/logout_everywhere", headers={"X-Forwarded-For": "::ffff:203.0.113.9"}))
        with database.connection() as connection:
            assert connection.scalar(select(sql.AuditEvent.address)) == "203.0.113.9"


@on_sqlite
def test_addresses_sent_to_a_trusted_proxy_are_ignored(settings: Settings) -> None:
    with client_at(PROXY, settings, trusted_proxies=("192.0.2.0/24",)) as client:
        assert statuses(client, [f"198.51.100.{n}, 203.0.113.9" for n in range(31)]) == [200] * 30 + [429]


@on_sqlite
def test_addresses_from_other_hosts_are_ignored(settings: Settings) -> None:
    with client_at("203.0.113.9", settings, trusted_proxies=("192.0.2.0/24",)) as client:
        assert statuses(client, [f"198.51.100.{n}" for n in range(31)]) == [200] * 30 + [429]


@on_sqlite
def test_what_is_no_address_counts_as_the_proxy(settings: Settings) -> None:
    with client_at(PROXY, settings, trusted_proxies=("192.0.2.0/24",)) as client:
        unreadable = [f"{each}{n}" for n in range(8) for each in ("unknown", "203.0.113.9, _", "203.0.113.300", "[::1")]
        assert statuses(client, unreadable) == [200] * 30 + [429] * 2
