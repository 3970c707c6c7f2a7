"""Upgrades from earlier commits to this one: logins, histories, reset links and backups remain valid."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from typing import NamedTuple
from typing import cast

import pytest
from starlette.testclient import TestClient

from ninepanels import clock

from ..support import checkouts
from ..support.mailbox import Mailbox
from ..support.people import Person
from ..support.people import data
from ..support.postgres import PostgresServer
from ..support.servers import MIGRATE_AND_SERVE
from ..support.servers import SECRET
from ..support.servers import Service
from .backups.conftest import KINDS
from .backups.conftest import put_on_path

FIRST = "2a05e23728cb533494a8dd033866993a7c4f4b86"
COMMITS = {
    "first": FIRST,
    "last of 5.2.0": "b9268537c7bbdfa13ca3d87d30e0cf80f165612f",
    "first after 5.2.0": "cdb0478565c48bfe1547eef31cadcfb181d37b32",
    "with the app": "dbcd4b525d5a31121a090e7fa93868bf8bca46ca",
    "40 commits back": "HEAD~40",
}

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(
        not all(map(checkouts.has_commit, COMMITS.values())),
        reason="this checkout has no history: git fetch --unshallow",
    ),
]

# Without the limits on headers, which are newer.
SERVE_EARLIER = ("uvicorn", "ninepanels.main:api", "--no-access-log", "--ws", "none")
AGES = (0, 1, 2, 5, 9, 40)
"""How many days ago the panel was tapped."""


class Database(NamedTuple):
    """A database and the secret of its installation, as settings. On SQLite both are empty: they are in `var`."""

    url: str
    secret: str


@pytest.fixture
def upgraded(backend: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    if backend == "sqlite":
        yield Database("", "")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    put_on_path(monkeypatch, server.bin)
    yield Database(server.create_database("upgraded"), SECRET)
    server.drop_database("upgraded")


@pytest.mark.parametrize("commit", COMMITS.values(), ids=COMMITS)
def test_logins_histories_reset_links_and_backups_survive_an_upgrade(
    upgraded: Database, tmp_path: Path, commit: str
) -> None:
    earlier = checkouts.make_earlier(tmp_path / "earlier", commit)
    checkout = checkouts.make(tmp_path / "checkout")
    # On `main`, a restore over the rows of a database server is refused.
    checkouts.switch(checkout, "a-better-tap")
    mailbox = Mailbox(tmp_path / "mail")
    (earlier / "var").mkdir()
    mc(earlier, upgraded, "migrate")
    with Service(upgraded.url, tmp_path, SERVE_EARLIER, earlier, JWT_SECRET=upgraded.secret) as service:
        ada = sign_up(service)
        before = read_everything(ada)
        if commit != FIRST:
            logged_out = Person(ada.client, ada.email, ada.id, Person.log_in(ada.client, ada.email))
            data(logged_out.post("/auth/logout", {}))
            data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
            reset_link = mailbox.reset_link()
    backups = [] if commit == FIRST else [mc(earlier, upgraded, "backup", kind).strip() for kind in KINDS]
    shutil.move(earlier / "var", checkout)

    with serve(checkout, upgraded, tmp_path) as service:
        ada.client = client_of(service)
        assert_contains(read_everything(ada), before)
        ada.tap(ada.new_panel("Write"))
        assert data(ada.get("/changes"))["panels"]
        assert Person.log_in(ada.client, ada.email)
    for backup in backups:
        file = checkout / Path(backup).relative_to(earlier)
        # Earlier releases signed no backup.
        mc(checkout, upgraded, "restore", str(file), "--trust-this-file")
        with serve(checkout, upgraded, tmp_path) as service:
            ada.client = logged_out.client = client_of(service)
            assert_contains(read_everything(ada), before)
            assert len(ada.titles()) == len(before["panels"])
            assert logged_out.get("/panels").status_code == 401
            ada.tap(ada.new_panel("Write"))
            data(ada.client.post("/auth/password_reset", json=reset_link | {"new_password": "battery staple"}))
            assert Person.log_in(ada.client, ada.email, "battery staple")


def sign_up(service: Service) -> Person:
    """Sign up a user with two panels and a history."""
    now = clock.now()
    # It is noon for the user, so that no day ends during the test.
    ada = Person.sign_up(client_of(service), "ada@example.com", timezone=f"Etc/GMT{now.hour - 12:+d}")
    panel_ids = [ada.new_panel("Read", description="A page or two"), ada.new_panel("Run")]
    for age in AGES:
        ada.tap(panel_ids[0], str((now - timedelta(days=age)).date()))
    ada.tap(panel_ids[1], is_complete=False)
    return ada


def read_everything(person: Person) -> dict[str, Any]:
    """Return what a client shows of a user."""
    panels = data(person.get("/panels"))
    return {
        "panels": panels,
        "histories": [data(person.get(f"/panels/{panel['id']}/entries")) for panel in panels],
        "consistency": data(person.get("/metrics/panels/consistency")),
    }


def assert_contains(after: Any, before: Any) -> None:
    """Assert that data has all that it had before. It may have more fields, and more at the ends of lists."""
    if isinstance(before, dict):
        for name in before:
            assert_contains(after[name], before[name])
    elif isinstance(before, list):
        for new, old in zip(after[: len(before)], before, strict=True):
            assert_contains(new, old)
    else:
        assert after == before


def serve(checkout: Path, upgraded: Database, folder: Path) -> Service:
    """Run the service of this release, which migrates first."""
    return Service(upgraded.url, folder, MIGRATE_AND_SERVE, checkout, JWT_SECRET=upgraded.secret)


def mc(folder: Path, upgraded: Database, *arguments: str) -> str:
    """Run mc.sh in a checkout and return its output."""
    command = ["./mc.sh", "--env", "TEST", *arguments]
    result = checkouts.run(command, folder, upgraded.url, JWT_SECRET=upgraded.secret)
    assert result.returncode == 0, result.stderr
    return result.stdout


def client_of(service: Service) -> TestClient:
    """Return the client of a process, which has what users need of the test client."""
    return cast("TestClient", service.client)
