"""backup.sh restore: all rows are restored, also while a service runs."""

import threading
from datetime import date
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import make_url

from ninepanels.database import database

from ...support.backends import on_sqlite
from ...support.filling import Rows
from ...support.filling import fill
from ...support.filling import rows_of
from ...support.people import PASSWORD
from ...support.people import Person
from ...support.people import data
from ...support.servers import Service
from ...support.servers import wait_for
from .conftest import KINDS
from .conftest import Installation
from .conftest import delete_all_rows
from .conftest import seal


class Writer:
    """A user who records an entry for one day after the other, from today into the past, during the block."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._record)
        self.accepted: list[str] = []
        self.statuses: set[int] = set()
        self.log_in()
        panel = {"title": "Read"}
        self.panel_id = data(service.client.post("/panels", json=panel, headers=self._headers))["id"]

    def log_in(self) -> None:
        body = {"email": "writer@example.com", "name": "Writer", "password": PASSWORD}
        self._service.client.post("/users", json=body)
        login = {"username": body["email"], "password": PASSWORD}
        token = data(self._service.client.post("/token", data=login))["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def __enter__(self) -> "Writer":
        self._running.set()
        self._thread.start()
        self.wait_for_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.clear()
        self._thread.join()

    def wait_for_more(self) -> None:
        wanted = len(self.accepted) + 3
        wait_for(lambda: len(self.accepted) >= wanted)

    def _record(self) -> None:
        day = date.today()  # noqa: DTZ011 - the exact day does not matter
        while self._running.is_set():
            day -= timedelta(days=1)
            body = {"is_complete": True, "day": str(day)}
            path = f"/panels/{self.panel_id}/entries"
            response = self._service.client.post(path, json=body, headers=self._headers)
            self.statuses.add(response.status_code)
            if response.status_code == 200:
                self.accepted.append(str(day))


def without_revisions(rows: Rows) -> Rows:
    """The rows without the last columns of the users, the revisions, which a restore raises."""
    return rows | {"users": {row[:-2] for row in rows["users"]}}


def recorded_days(database_url: str, panel_id: int) -> set[str]:
    """The days with an entry of a panel."""
    return {str(row[3]) for row in rows_of(database_url)["entries"] if row[2] == panel_id}


@pytest.mark.any_database
def test_backups_under_load_restore_all_rows_and_the_service_continues(
    installation: Installation, tmp_path: Path
) -> None:
    fill(installation.database_url, users=1_000)
    with Service(installation.database_url, tmp_path, RATE_LIMITS="off") as service:
        writer = Writer(service)
        before = without_revisions(rows_of(installation.database_url))
        assert all(before.values()), "every table has rows"
        with writer:
            recorded_before = list(writer.accepted)
            backups = [Path(installation.backup(kind).stdout.removesuffix("\n")) for kind in KINDS]
            writer.wait_for_more()
        # The writer's last activity and the state of the welcome mail may have changed since.
        before |= {
            name: {row for row in before[name] if "writer@example.com" not in row} for name in ("users", "outbox")
        }
        for backup in backups:
            delete_all_rows(installation.database_url)
            installation.restore(backup)
            after = without_revisions(rows_of(installation.database_url))
            assert [table for table in before if not before[table] <= after[table]] == []
            # Of the entries recorded during the backup, a prefix is restored.
            days = recorded_days(installation.database_url, writer.panel_id)
            assert days == set(writer.accepted[: len(days)])
            assert days >= set(recorded_before)
        assert_continues(service, after)


def assert_continues(service: Service, rows: Rows) -> None:
    """Assert that the service works without a restart and reuses no id."""
    new = {"email": "new@example.com", "name": "New", "password": PASSWORD}
    user = post(service, "/users", json=new)
    token = post(service, "/token", data={"username": new["email"], "password": PASSWORD})["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    panel = post(service, "/panels", json={"title": "Read"}, headers=headers)
    entry = post(service, f"/panels/{panel['id']}/entries", json={"is_complete": True}, headers=headers)
    for table, row in (("users", user), ("panels", panel), ("entries", entry)):
        assert row["id"] > max(int(str(id_)) for id_, *_ in rows[table])


def post(service: Service, path: str, **options: Any) -> Any:
    """Send a POST request; repeat it while the service replaces the connections that the restore closed."""

    def try_once() -> httpx2.Response | None:
        response = service.client.post(path, **options)
        return None if response.status_code == 503 else response

    return data(wait_for(try_once))


def test_entries_recorded_during_a_restore_are_in_the_backup_or_the_database(
    filled: Installation, tmp_path: Path
) -> None:
    with Service(filled.database_url, tmp_path, RATE_LIMITS="off") as service:
        writer = Writer(service)
        file = filled.dump()
        with writer:
            filled.restore(file)
            writer.wait_for_more()
        assert writer.statuses <= {200, 503}
    now = recorded_days(filled.database_url, writer.panel_id)
    (replaced,) = filled.folder.glob("*_full.*[bp]")
    delete_all_rows(filled.database_url)
    filled.restore(replaced)
    assert set(writer.accepted) == now | recorded_days(filled.database_url, writer.panel_id)


def test_a_restore_prints_the_row_counts_before_and_after(
    filled: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    file = filled.dump()
    delete_all_rows(filled.database_url)
    capsys.readouterr()
    filled.restore(file)
    counts = {table: ["0", str(len(rows))] for table, rows in rows_of(filled.database_url).items()}
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["table", "before", "after"]
    assert {line[0]: line[1:] for line in lines[1:]} == counts
    assert list(filled.folder.iterdir()) == [], "an empty database is not backed up"


def test_a_missing_database_is_created(filled: Installation, request: pytest.FixtureRequest, backend: str) -> None:
    file, rows = filled.dump(), rows_of(filled.database_url)
    if backend == "sqlite":
        Path(str(make_url(filled.database_url).database)).unlink()
    else:
        request.getfixturevalue("postgres_server").drop_database("test")
    filled.restore(file)
    assert without_revisions(rows_of(filled.database_url)) == without_revisions(rows)


def test_no_id_or_revision_of_a_lost_row_is_given_again(installation: Installation, ada: Person) -> None:
    file = installation.dump()
    panels, users, revisions = [], [], []
    for email in ("bob@example.com", "carol@example.com", "dan@example.com"):
        panels.append(ada.new_panel())
        users.append(Person.sign_up(ada.client, email).id)
        revisions.append(data(ada.get("/changes"))["revision"])
        installation.restore(file)
        for engine in database.engines:
            engine.dispose()
    assert len({*panels}) == len({*users}) == len({*revisions}) == 3
    assert ada.get("/changes", since=revisions[-1]).status_code == 410


@on_sqlite
def test_a_backup_of_main_warns_of_the_addresses_in_it(
    filled: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = filled.dump().rename(tmp_path / "20200101T000000Z_MAIN_full.db")
    seal(file)
    filled.restore(file)
    assert "This is a backup of MAIN: TEST gets the names and e-mail addresses of its users" in capsys.readouterr().err
