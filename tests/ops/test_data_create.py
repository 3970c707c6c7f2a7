"""`./mc.sh data create`: demo users in the database."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from ninepanels import clock
from ninepanels import crud
from ninepanels.crud.demo import Person as DemoPerson
from ninepanels.database import make_engine
from ninepanels.ops import data as data_mgmt
from ninepanels.ops import demo
from ninepanels.ops.migrations import migrate

from ..conftest import Clock
from ..support import checkouts
from ..support.backends import on_postgresql
from ..support.backends import on_sqlite
from ..support.people import Person
from ..support.people import data
from ..support.rows import all_rows
from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import environment
from .conftest import ManageData
from .conftest import execute_sql
from .test_data_mgmt import UNAVAILABLE


def test_demo_users_can_log_in_and_see_their_panels_and_history(
    manage_data: ManageData, database_url: str, wall_clock: Clock, request: pytest.FixtureRequest
) -> None:
    result = manage_data(database_url, "create", "--users", "3", "--days", "40", "--seed", "5")
    assert result.code == 0, result.err
    client: TestClient = request.getfixturevalue("client")
    for generated in demo.generate_people(5, 3, 40, wall_clock.now):
        assert generated.email in result.out
        assert demo.PASSWORD in result.out
        person = Person(client, generated.email, 0, Person.log_in(client, generated.email, demo.PASSWORD))
        assert person.titles() == [panel.title for panel in generated.panels]
        consistency = data(person.get("/metrics/panels/consistency"))
        for shown, panel in zip(consistency, generated.panels, strict=True):
            done = [str(entry.day) for entry in panel.entries if entry.is_complete]
            history = data(person.get(f"/panels/{shown['panel_id']}/entries", sort_by="timestamp.asc"))
            assert [day["day"] for day in history if day["is_complete"]] == done
            assert (shown["days_complete"], shown["panel_age"]) == (len(done), len(history))


def test_a_fresh_database_is_migrated_first(manage_data: ManageData, empty_database_url: str) -> None:
    result = manage_data(empty_database_url, "create", "--users", "1", "--days", "1")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"The database of TEST was migrated from revision none to {crud.schema.REVISION}.\n")
    assert "1 added, 0 existed already." in result.out


def test_the_same_seed_creates_the_same_rows(manage_data: ManageData, migrated_url: str, wall_clock: Clock) -> None:
    assert wall_clock.now, "the clock stands still"
    created = []
    for _ in range(2):
        assert manage_data(migrated_url, "create", "--users", "4", "--days", "30").code == 0
        created.append({name: [without_hash(row) for row in rows] for name, rows in all_rows(migrated_url).items()})
        manage_data(migrated_url, "clear")
        migrate(migrated_url)
    assert created[0] == created[1]
    assert len(created[0]["users"]) == 4


@on_sqlite
def test_an_embedded_database_is_a_single_file_afterwards(
    manage_data: ManageData, database_url: str, sqlite_file: Path
) -> None:
    assert manage_data(database_url, "create", "--users", "1").code == 0
    assert list(sqlite_file.parent.iterdir()) == [sqlite_file]


def test_a_second_run_does_not_change_existing_users(manage_data: ManageData, database_url: str) -> None:
    manage_data(database_url, "create", "--users", "3", "--days", "10")
    before = all_rows(database_url)
    result = manage_data(database_url, "create", "--users", "3", "--days", "20")
    assert (result.code, result.err) == (0, "")
    assert "0 added, 3 existed already." in result.out
    assert all_rows(database_url) == before


def test_a_second_run_adds_missing_users(manage_data: ManageData, database_url: str) -> None:
    manage_data(database_url, "create", "--users", "3", "--days", "10")
    before = all_rows(database_url)
    assert "2 added, 3 existed already." in manage_data(database_url, "create", "--users", "5", "--days", "10").out
    after = all_rows(database_url)
    assert len(after["users"]) == 5
    assert all(set(rows) <= set(after[name]) for name, rows in before.items())


def test_another_seed_creates_different_users(manage_data: ManageData, database_url: str) -> None:
    for seed in ("1", "2"):
        result = manage_data(database_url, "create", "--users", "3", "--days", "10", "--seed", seed)
        assert "3 added, 0 existed already." in result.out


def test_after_an_interruption_all_users_are_complete_and_the_next_run_adds_the_rest(
    manage_data: ManageData, database_url: str, wall_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_all = crud.demo.add_all

    def interrupted(session: Session, people: list[DemoPerson], hashed_password: str) -> int:
        added = add_all(session, people, hashed_password)
        if generated[-1] in people:
            raise KeyboardInterrupt
        return added

    generated = list(demo.generate_people(9, data_mgmt.BATCH_SIZE + 3, 10, wall_clock.now))
    create = ["create", "--users", str(len(generated)), "--days", "10"]
    monkeypatch.setattr(crud.demo, "add_all", interrupted)
    assert manage_data(database_url, *create).code == 130
    assert counts(database_url) == expected_counts(generated[: data_mgmt.BATCH_SIZE])
    monkeypatch.undo()
    monkeypatch.setattr(clock, "now", lambda: wall_clock.now)
    assert f"3 added, {data_mgmt.BATCH_SIZE} existed already." in manage_data(database_url, *create).out
    assert counts(database_url) == expected_counts(generated)


@on_postgresql
def test_a_connection_lost_between_two_inserts_is_reported_in_one_line(
    manage_data: ManageData, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_panels = crud.demo._add_panels

    def disconnect_after_panels(session: Session, owned: list[tuple[int, DemoPerson]]) -> dict[tuple[int, int], int]:
        panel_ids = add_panels(session, owned)
        execute_sql(
            database_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        return panel_ids

    monkeypatch.setattr(crud.demo, "_add_panels", disconnect_after_panels)
    result = manage_data(database_url, "create")
    assert str(result.code).startswith(UNAVAILABLE)
    assert not all_rows(database_url)["users"]


@on_postgresql
def test_a_locked_table_is_reported_in_one_line(
    manage_data: ManageData, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_panels = crud.demo._add_panels

    def add_with_short_timeout(session: Session, owned: list[tuple[int, DemoPerson]]) -> dict[tuple[int, int], int]:
        session.execute(text("SET LOCAL lock_timeout = 1"))
        return add_panels(session, owned)

    monkeypatch.setattr(crud.demo, "_add_panels", add_with_short_timeout)
    with make_engine(database_url, poolclass=NullPool).begin() as other_connection:
        other_connection.execute(text("LOCK TABLE entries"))
        assert str(manage_data(database_url, "create").code).startswith(UNAVAILABLE)
    assert not all_rows(database_url)["users"]


def test_only_the_first_logins_are_shown(manage_data: ManageData, database_url: str) -> None:
    result = manage_data(database_url, "create", "--users", "12", "--days", "1")
    assert len(re.findall(r"@seed9\.example\.com", result.out)) == data_mgmt.MAX_LOGINS_SHOWN
    assert "... and 2 more." in result.out


@on_sqlite
@pytest.mark.parametrize("option", ["--users", "--days"])
def test_zero_users_or_days_are_refused(manage_data: ManageData, database_url: str, option: str) -> None:
    assert manage_data(database_url, "create", option, "0").code == 2
    assert not all_rows(database_url)["users"]


@on_sqlite
def test_progress_is_shown_on_a_terminal_and_a_pipe_gets_plain_text(checkout: Path, database_url: str) -> None:
    checkouts.switch(checkout, "tea")
    terminal, program_side = os.openpty()
    result = subprocess.run(
        ["./mc.sh", "data", "create", "--users", "2", "--days", "2"],
        cwd=checkout,
        env=environment(database_url) | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=program_side,
        timeout=PROGRAM_DEADLINE_S,
        check=True,
    )
    os.close(program_side)
    assert "Generating users" in os.read(terminal, 100_000).decode()
    os.close(terminal)
    output = result.stdout.decode()
    assert "2 added, 0 existed already." in output
    assert output.replace("\n", "").isprintable()


def without_hash(row: tuple[Any, ...]) -> list[Any]:
    return [value for value in row if not str(value).startswith("$argon2")]


def counts(database_url: str) -> tuple[int, int, int]:
    rows = all_rows(database_url)
    return len(rows["users"]), len(rows["panels"]), len(rows["entries"])


def expected_counts(people: list[DemoPerson]) -> tuple[int, int, int]:
    panels = [panel for person in people for panel in person.panels]
    return len(people), len(panels), sum(len(panel.entries) for panel in panels)
