"""data_mgmt.py, as `./mc.sh data` calls it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from typing import NamedTuple

import pytest
from sqlalchemy import NullPool
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import data_mgmt
from ninepanels import clock
from ninepanels import crud
from ninepanels import environments
from ninepanels import sqlmodels as sql
from ninepanels.crud.demo import Person as DemoPerson
from ninepanels.database import make_engine
from ninepanels.ops import demo
from ninepanels.ops.migrations import migrate

from ..conftest import Clock
from ..support import checkouts
from ..support.people import Person
from ..support.people import data
from ..support.rows import add_user
from ..support.rows import all_rows
from ..support.servers import environment

AWAY = "NINEPANELS_DATABASE_URL: the database it names cannot be reached, or has no time for us."


class Said(NamedTuple):
    code: int | str | None
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run data_mgmt.py in this process, on a branch where people may be made up and cleared."""

    def run(database_url: str, *arguments: str) -> Said:
        monkeypatch.setattr(environments, "branch", lambda: "tea")
        monkeypatch.setenv("NINEPANELS_DATABASE_URL", database_url)
        monkeypatch.setattr(sys, "argv", ["data_mgmt.py", *arguments])
        with pytest.raises(SystemExit) as left:
            data_mgmt.main()
        return Said(left.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def migrated_url(empty_database_url: str) -> str:
    """A database that may be left without its schema."""
    migrate(empty_database_url)
    return empty_database_url


def manage(database_url: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "data_mgmt.py", *arguments],
        cwd=environments.ROOT,
        env=environment(database_url, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- promote --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com"])
def test_promoting_makes_the_first_admin(database_url: str, ada: Person, email: str) -> None:
    assert ada.get("/admin/users").status_code == 403
    result = manage(database_url, "promote", email)
    assert (result.returncode, result.stdout) == (0, "ada@example.com is an admin now.\n"), result.stderr
    assert len(data(ada.get("/admin/users"))) == 1


def test_promoting_an_admin_changes_nothing(database_url: str, ada: Person) -> None:
    for _ in range(2):
        assert manage(database_url, "promote", ada.email).returncode == 0
    assert data(ada.get("/users"))["is_admin"] is True


def test_promoting_nobody_is_refused_with_one_line(run: Run, database_url: str) -> None:
    said = run(database_url, "promote", "nobody@example.com")
    assert said == ("There is no user with the e-mail nobody@example.com.", "", "")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_wrong_setting_is_one_line_too(database_url: str) -> None:
    result = manage(database_url, "promote", "ada@example.com", JWT_SECRET="short")
    assert result.returncode == 1
    assert result.stderr.startswith("NINEPANELS_JWT_SECRET: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["promote", "ada@example.com"], ["create"], ["read"]])
def test_a_database_without_a_schema_is_one_line_that_says_what_to_do(
    run: Run, empty_database_url: str, command: list[str]
) -> None:
    said = run(empty_database_url, *command)
    assert said == ("The database's schema is not the one of this release: ./mc.sh migrate", "", "")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_database_that_is_away_is_one_line_too(empty_database_url: str) -> None:
    result = manage(f"{empty_database_url}/in/no/folder.db", "promote", "ada@example.com")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"{AWAY}\n")


# --- create ---------------------------------------------------------------------------------------------------------


def test_whoever_is_created_logs_in_and_finds_their_panels_and_history(
    run: Run, database_url: str, wall_clock: Clock, request: pytest.FixtureRequest
) -> None:
    said = run(database_url, "create", "--users", "3", "--days", "40", "--seed", "5")
    assert said.code == 0, said.err
    client: TestClient = request.getfixturevalue("client")
    for imagined in demo.people(5, 3, 40, wall_clock.now):
        assert imagined.email in said.out
        assert demo.PASSWORD in said.out
        person = Person(client, imagined.email, 0, Person.log_in(client, imagined.email, demo.PASSWORD))
        assert person.titles() == [panel.title for panel in imagined.panels]
        consistency = data(person.get("/metrics/panels/consistency"))
        for shown, kept in zip(consistency, imagined.panels, strict=True):
            done = [str(entry.day) for entry in kept.entries if entry.is_complete]
            history = data(person.get(f"/panels/{shown['panel_id']}/entries", sort_by="timestamp.asc"))
            assert [day["day"] for day in history if day["is_complete"]] == done
            assert (shown["days_complete"], shown["panel_age"]) == (len(done), len(history))


def test_the_same_seed_makes_the_same_rows(run: Run, migrated_url: str, wall_clock: Clock) -> None:
    assert wall_clock.now, "it stands still"
    made = []
    for _ in range(2):
        assert run(migrated_url, "create", "--users", "4", "--days", "30").code == 0
        made.append({name: [without_hash(row) for row in rows] for name, rows in all_rows(migrated_url).items()})
        run(migrated_url, "clear")
        migrate(migrated_url)
    assert made[0] == made[1]
    assert len(made[0]["users"]) == 4


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_embedded_database_is_one_file_when_it_is_done(run: Run, database_url: str, tmp_path: Path) -> None:
    assert run(database_url, "create", "--users", "1").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["test.db"]


def test_a_second_run_leaves_who_is_there_alone(run: Run, database_url: str) -> None:
    run(database_url, "create", "--users", "3", "--days", "10")
    before = all_rows(database_url)
    said = run(database_url, "create", "--users", "3", "--days", "20")
    assert (said.code, said.err) == (0, "")
    assert "0 added, 3 there already." in said.out
    assert all_rows(database_url) == before


def test_a_second_run_adds_who_is_missing(run: Run, database_url: str) -> None:
    run(database_url, "create", "--users", "3", "--days", "10")
    before = all_rows(database_url)
    assert "2 added, 3 there already." in run(database_url, "create", "--users", "5", "--days", "10").out
    after = all_rows(database_url)
    assert len(after["users"]) == 5
    assert all(set(rows) <= set(after[name]) for name, rows in before.items())


def test_another_seed_makes_other_people(run: Run, database_url: str) -> None:
    for seed in ("1", "2"):
        said = run(database_url, "create", "--users", "3", "--days", "10", "--seed", seed)
        assert "3 added, 0 there already." in said.out


def test_an_interruption_leaves_whole_users_and_the_next_run_goes_on(
    run: Run, database_url: str, wall_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_all = crud.demo.add_all

    def interrupted(session: Session, people: list[DemoPerson], hashed_password: str) -> int:
        added = add_all(session, people, hashed_password)
        if imagined[-1] in people:
            raise KeyboardInterrupt
        return added

    imagined = list(demo.people(9, data_mgmt.BATCH + 3, 10, wall_clock.now))
    create = ["create", "--users", str(len(imagined)), "--days", "10"]
    monkeypatch.setattr(crud.demo, "add_all", interrupted)
    assert run(database_url, *create).code == 130
    assert counts(database_url) == imagined_counts(imagined[: data_mgmt.BATCH])
    monkeypatch.undo()
    monkeypatch.setattr(clock, "now", lambda: wall_clock.now)
    assert f"3 added, {data_mgmt.BATCH} there already." in run(database_url, *create).out
    assert counts(database_url) == imagined_counts(imagined)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_while_rows_are_sent_is_one_line(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_entries = crud.demo._copy_entries

    def cut_off(session: Session, rows: Iterable[crud.demo.EntryRow]) -> None:
        execute(
            database_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        copy_entries(session, rows)

    monkeypatch.setattr(crud.demo, "_copy_entries", cut_off)
    said = run(database_url, "create")
    assert said == (AWAY, "", "")
    assert not all_rows(database_url)["users"]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_table_that_somebody_else_keeps_is_one_line(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_entries = crud.demo._copy_entries

    def without_waiting(session: Session, rows: Iterable[crud.demo.EntryRow]) -> None:
        session.execute(text("SET LOCAL lock_timeout = 1"))
        copy_entries(session, rows)

    monkeypatch.setattr(crud.demo, "_copy_entries", without_waiting)
    with make_engine(database_url, poolclass=NullPool).begin() as somebody_else:
        somebody_else.execute(text("LOCK TABLE entries"))
        assert run(database_url, "create") == (AWAY, "", "")
    assert not all_rows(database_url)["users"]


def test_of_many_logins_the_first_are_shown(run: Run, database_url: str) -> None:
    said = run(database_url, "create", "--users", "12", "--days", "1")
    assert len(re.findall(r"@seed9\.example\.com", said.out)) == data_mgmt.LOGINS_SHOWN
    assert "... and 2 more." in said.out


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("option", ["--users", "--days"])
def test_nobody_and_no_day_cannot_be_asked_for(run: Run, database_url: str, option: str) -> None:
    assert run(database_url, "create", option, "0").code == 2
    assert not all_rows(database_url)["users"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_progress_is_shown_on_a_terminal_and_a_pipe_gets_plain_text(checkout: Path, database_url: str) -> None:
    checkouts.switch(checkout, "tea")
    terminal, its_other_end = os.openpty()
    result = subprocess.run(
        ["./mc.sh", "data", "create", "--users", "2", "--days", "2"],
        cwd=checkout,
        env=environment(database_url) | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=its_other_end,
        timeout=60,
        check=True,
    )
    os.close(its_other_end)
    assert "Imagining people" in os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert result.stdout.decode().replace("\n", "").isprintable()


# --- read -----------------------------------------------------------------------------------------------------------


def test_reading_shows_the_tables_and_the_newest_rows(run: Run, database_url: str) -> None:
    run(database_url, "create", "--users", "5", "--days", "3")
    said = run(database_url, "read")
    assert said.code == 0, said.err
    for table, rows in all_rows(database_url).items():
        assert re.search(rf"^ +{table} +{len(rows)} *$", said.out, re.MULTILINE), table
    newest = [person.email for person in demo.people(9, 5, 3, clock.now())][: -data_mgmt.ROWS_SHOWN - 1 : -1]
    assert re.search(rf"^ +email +{' +'.join(newest)} *$", said.out, re.MULTILINE)


def test_reading_shows_no_secret(run: Run, database_url: str) -> None:
    now = clock.now()
    mine: dict[str, Any] = {"user_id": 1}
    leave(
        database_url,
        sql.User(
            id=1,
            email="ada@example.com",
            name="Ada",
            hashed_password="secret hash",
            timezone="UTC",
            day_starts_at=0,
            created_at=now,
        ),
        sql.PasswordResetToken(token_hash="secret token", issued_at=now, expires_at=now, **mine),
        sql.BlacklistedAccessToken(jti="secret jti", expires_at=now, **mine),
    )
    said = run(database_url, "read")
    assert "ada@example.com" in said.out
    assert "secret" not in said.out
    assert len(re.findall(r" (hashed_password|token_hash|jti) +\*\*\* *$", said.out, re.MULTILINE)) == 3


def test_each_column_that_sounds_secret_is_marked() -> None:
    # An instant may bear such a name and tells nothing.
    sounding = {
        str(column)
        for table in sql.Base.metadata.sorted_tables
        for column in table.columns
        if re.search("password|hash|token|secret|key|jti", column.name) and not isinstance(column.type, sql.Instant)
    }
    marked = {
        str(column)
        for table in sql.Base.metadata.sorted_tables
        for column in table.columns
        if column.info == sql.SECRET
    }
    assert sounding == marked != set()


def test_what_people_wrote_does_nothing_to_the_terminal(run: Run, database_url: str) -> None:
    add_user(database_url)
    with Session(make_engine(database_url, poolclass=NullPool)) as session, session.begin():
        session.execute(text("UPDATE users SET name = :name"), {"name": "\x1b[2J[red]Ada[/red]\u202e\n"})
    assert r"\x1b[2J[red]Ada[/red]\u202e\n" in run(database_url, "read").out


# --- schema ---------------------------------------------------------------------------------------------------------


def test_the_schema_is_the_databases_own(run: Run, migrated_url: str) -> None:
    said = run(migrated_url, "schema")
    assert said.code == 0, said.err
    for table in (*sql.Base.metadata.tables, "alembic_version"):
        assert re.search(rf"^ +{table} +type +keys *$", said.out, re.MULTILINE), table
    assert re.search(r"^ +email +VARCHAR\(254\) +not null +unique \(email\) *$", said.out, re.MULTILINE)
    assert re.search(r"^ +last_login +(DATETIME|TIMESTAMP WITH TIME ZONE) *$", said.out, re.MULTILINE)
    assert "-> panels.user_id" in said.out
    assert f"Its revision is {crud.schema.REVISION}, that of this release {crud.schema.REVISION}." in said.out


def test_a_database_without_a_schema_has_none(run: Run, empty_database_url: str) -> None:
    said = run(empty_database_url, "schema")
    assert said == (0, f"Its revision is none, that of this release {crud.schema.REVISION}.\n", "")


# --- clear ----------------------------------------------------------------------------------------------------------


def test_clearing_drops_every_table_and_says_what_makes_them_anew(run: Run, migrated_url: str) -> None:
    add_user(migrated_url)
    said = run(migrated_url, "clear")
    assert said == (0, "The database of TEST is empty now. './mc.sh migrate' makes its tables anew.\n", "")
    assert run(migrated_url, "schema").out.startswith("Its revision is none")
    migrate(migrated_url)
    assert not any(all_rows(migrated_url).values())


def test_an_empty_database_can_be_cleared(run: Run, empty_database_url: str) -> None:
    assert run(empty_database_url, "clear").code == 0


def test_a_table_that_is_not_ours_stays(run: Run, migrated_url: str) -> None:
    execute(migrated_url, "CREATE TABLE birds (id INTEGER PRIMARY KEY)")
    assert run(migrated_url, "clear").code == 0
    assert "birds" in run(migrated_url, "schema").out


def test_nothing_is_dropped_while_something_else_depends_on_it(run: Run, migrated_url: str) -> None:
    add_user(migrated_url)
    execute(migrated_url, "CREATE TABLE birds (user_id INTEGER NOT NULL REFERENCES users (id))")
    execute(migrated_url, "INSERT INTO birds SELECT id FROM users")
    before = all_rows(migrated_url)
    said = run(migrated_url, "clear")
    assert said == ("Another table or view of this database depends on these; nothing was dropped.", "", "")
    assert all_rows(migrated_url) == before


# --- Looking into the database --------------------------------------------------------------------------------------


def without_hash(row: tuple[Any, ...]) -> list[Any]:
    return [value for value in row if not str(value).startswith("$argon2")]


def counts(database_url: str) -> tuple[int, int, int]:
    rows = all_rows(database_url)
    return len(rows["users"]), len(rows["panels"]), len(rows["entries"])


def imagined_counts(people: list[DemoPerson]) -> tuple[int, int, int]:
    panels = [panel for person in people for panel in person.panels]
    return len(people), len(panels), sum(len(panel.entries) for panel in panels)


def leave(database_url: str, *rows: sql.Base) -> None:
    with Session(make_engine(database_url, poolclass=NullPool)) as session, session.begin():
        for row in rows:
            session.add(row)
            session.flush()


def execute(database_url: str, statement: str) -> None:
    with make_engine(database_url, poolclass=NullPool).begin() as connection:
        connection.execute(text(statement))
