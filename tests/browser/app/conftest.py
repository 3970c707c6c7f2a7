"""The app of a real service in a browser: on a phone, with SQLite.

`./mc.sh prove` runs each story also on a desktop, and on both with PostgreSQL.
"""

import itertools
import shutil
from collections.abc import Callable
from collections.abc import Iterator
from typing import cast

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import ViewportSize
from starlette.testclient import TestClient

from ...support.people import Person
from ...support.postgres import PostgresServer
from ...support.servers import Service
from .device import DESKTOP
from .device import PHONE
from .device import Device

_numbers = itertools.count(1)


@pytest.fixture(scope="package", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.prove)])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(
    scope="package",
    params=[pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop", marks=pytest.mark.prove)],
)
def size(request: pytest.FixtureRequest) -> ViewportSize:
    """The size of the screen."""
    return cast("ViewportSize", request.param)


@pytest.fixture(scope="package")
def new_database(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Create a database with the current schema, and return its URL."""

    def create(name: str) -> str:
        if backend == "sqlite":
            file = tmp_path_factory.mktemp(name) / "test.db"
            return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), file)}"
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.create_database(f"{name}{next(_numbers)}", request.getfixturevalue("postgres_template"))

    return create


@pytest.fixture(scope="package")
def service(new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service for all tests of the folder."""
    with Service(new_database("app"), tmp_path_factory.mktemp("service"), RATE_LIMITS="off") as service:
        yield service


@pytest.fixture
def new_person(service: Service) -> Callable[[str], Person]:
    """Sign up a user, whose clocks are those of Berlin."""

    def sign_up(name: str) -> Person:
        email = f"{name}.{next(_numbers)}@example.com"
        client = cast("TestClient", service.client)
        return Person.sign_up(client, email, name=name.title(), timezone="Europe/Berlin")

    return sign_up


@pytest.fixture
def person(new_person: Callable[[str], Person]) -> Person:
    """Ada, with two panels."""
    ada = new_person("ada")
    for title in ("Read", "Write"):
        ada.new_panel(title)
    return ada


@pytest.fixture(scope="package")
def make_device(browser: Browser, service: Service, size: ViewportSize) -> Callable[[], Device]:
    """Make another device, in a time zone of its own."""

    def make() -> Device:
        context = browser.new_context(
            base_url=service.url,
            viewport=size,
            locale="en",
            timezone_id="America/Los_Angeles",
            reduced_motion="reduce",
        )
        return Device(context)

    return make


@pytest.fixture
def new_device(make_device: Callable[[], Device]) -> Iterator[Callable[[], Device]]:
    """Open the app on another device. Errors of its pages fail the test."""
    devices: list[Device] = []

    def new() -> Device:
        devices.append(make_device())
        devices[-1].open()
        return devices[-1]

    yield new
    for device in devices:
        device.context.close()
        assert device.errors == []


@pytest.fixture(scope="package")
def shared_device(make_device: Callable[[], Device]) -> Iterator[Device]:
    """A device for many tests, which has to load the files of the app only once."""
    device = make_device()
    device.open()
    yield device
    device.context.close()


@pytest.fixture
def device(shared_device: Device, person: Person) -> Iterator[Device]:
    """A device on which Ada is logged in. Errors of its pages fail the test."""
    shared_device.log_in(person.email)
    yield shared_device
    errors = shared_device.errors.copy()
    shared_device.clear()
    shared_device.errors.clear()
    assert errors == []


@pytest.fixture
def page(device: Device) -> Page:
    """The first tab of a device on which Ada is logged in: the board with "Read" and "Write"."""
    return device.page
