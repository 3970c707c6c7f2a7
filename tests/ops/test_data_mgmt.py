"""data_mgmt.py: `./mc.sh data promote`, `read`, `schema` and `clear`."""

import re
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import Integer
from sqlalchemy import NullPool
from sqlalchemy import text
from sqlalchemy.orm import Session

from ninepanels import clock
from ninepanels import crud
from ninepanels import environments
from ninepanels import sqlmodels as sql
from ninepanels.database import make_engine
from ninepanels.ops import data as data_mgmt
from ninepanels.ops import demo
from ninepanels.ops.migrations import migrate

from ..support.authenticator import Authenticator
from ..support.backends import on_sqlite
from ..support.checkouts import assert_refuses_with_one_line
from ..support.mailbox import Mailbox
from ..support.outbox import wake_outbox
from ..support.people import Person
from ..support.people import data
from ..support.rows import add_user
from ..support.rows import all_rows
from ..support.servers import PROGRAM_DEADLINE_S
from ..support.servers import environment
from .backups.conftest import delete_all_rows
from .conftest import ManageData
from .conftest import execute_sql

UNAVAILABLE = "NINEPANELS_DATABASE_URL: the database cannot be reached or did not respond in time: "


def manage(database_url: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "data_mgmt.py", *arguments],
        cwd=environments.ROOT,
        env=environment(database_url, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )


# --- promote --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com"])
def test_promoting_makes_the_first_admin(database_url: str, ada: Person, email: str) -> None:
    assert ada.get("/admin/users").status_code == 403
    result = manage(database_url, "promote", email)
    assert (result.returncode, result.stdout) == (0, "ada@example.com is now an admin.\n"), result.stderr
    assert len(data(ada.get("/admin/users"))) == 1


def test_promoting_an_admin_changes_nothing(database_url: str, ada: Person) -> None:
    for _ in range(2):
        assert manage(database_url, "promote", ada.email).returncode == 0
    assert data(ada.get("/users"))["is_admin"] is True


def test_promoting_an_unknown_user_is_refused_with_one_line(manage_data: ManageData, database_url: str) -> None:
    result = manage_data(database_url, "promote", "unknown@example.com")
    assert result == ("There is no user with the e-mail unknown@example.com.", "", "")


@on_sqlite
def test_promoting_a_user_whose_email_is_not_verified_is_refused(
    manage_data: ManageData, database_url: str, ada: Person
) -> None:
    execute_sql(database_url, "UPDATE users SET is_email_verified = false")
    code, *_ = manage_data(database_url, "promote", ada.email)
    assert str(code).startswith("ada@example.com is not verified: ")
    assert data(ada.get("/users"))["is_admin"] is False


@on_sqlite
def test_an_operator_switches_off_the_second_factor_of_a_user(database_url: str, ada: Person, mailbox: Mailbox) -> None:
    Authenticator.switch_on(ada)
    result = manage(database_url, "disable-totp", ada.email.upper())
    assert (result.returncode, result.stdout) == (0, "ada@example.com now logs in with the password alone.\n")
    assert Person.log_in(ada.client, ada.email)
    wake_outbox(ada.client)
    mailbox.wait_for("switched off")


@on_sqlite
def test_a_second_factor_that_is_not_confirmed_cannot_be_switched_off(
    manage_data: ManageData, database_url: str, ada: Person
) -> None:
    Authenticator.start(ada)
    code, *_ = manage_data(database_url, "disable-totp", ada.email)
    assert code == "ada@example.com has no second factor."


@on_sqlite
def test_an_invalid_setting_is_reported_in_one_line(database_url: str) -> None:
    result = manage(database_url, "promote", "ada@example.com", JWT_SECRET="short")
    assert result.returncode == 1
    assert result.stderr.startswith("NINEPANELS_JWT_SECRET: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["promote", "ada@example.com"], ["read"]])
def test_the_error_for_a_missing_schema_names_the_migrate_command(
    manage_data: ManageData, empty_database_url: str, command: list[str]
) -> None:
    result = manage_data(empty_database_url, *command)
    assert result == ("The database schema does not match this release: run ./mc.sh migrate", "", "")


@on_sqlite
def test_an_unavailable_database_is_reported_in_one_line(empty_database_url: str) -> None:
    result = manage(f"{empty_database_url}/in/no/folder.db", "promote", "ada@example.com")
    assert_refuses_with_one_line(result, UNAVAILABLE)


# --- read -----------------------------------------------------------------------------------------------------------


def test_read_shows_the_row_counts_and_the_newest_rows(manage_data: ManageData, database_url: str) -> None:
    manage_data(database_url, "create", "--users", "5", "--days", "3")
    result = manage_data(database_url, "read")
    assert result.code == 0, result.err
    for table, rows in all_rows(database_url).items():
        assert re.search(rf"^ +{table} +{len(rows)} *$", result.out, re.MULTILINE), table
    newest = [person.email for person in demo.generate_people(9, 5, 3, clock.now())][
        : -data_mgmt.MAX_ROWS_SHOWN - 1 : -1
    ]
    assert re.search(rf"^ +email +{' +'.join(newest)} *$", result.out, re.MULTILINE)


def test_read_masks_secrets(manage_data: ManageData, database_url: str) -> None:
    now = clock.now()
    owner: dict[str, Any] = {"user_id": 1}
    add(
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
        sql.PasswordResetToken(token_hash="secret token", issued_at=now, expires_at=now, **owner),
        sql.BlacklistedAccessToken(jti="secret jti", expires_at=now, **owner),
    )
    result = manage_data(database_url, "read")
    assert "ada@example.com" in result.out
    assert "secret" not in result.out
    assert len(re.findall(r" (hashed_password|token_hash|jti) +\*\*\* *$", result.out, re.MULTILINE)) == 3


def test_each_column_with_the_name_of_a_secret_is_marked_as_secret() -> None:
    # Instants and numbers have no secret content, whatever their name is.
    named = {
        str(column)
        for table in sql.Base.metadata.sorted_tables
        for column in table.columns
        if re.search("password|hash|token|secret|key|jti", column.name)
        and not isinstance(column.type, sql.Instant | Integer)
    }
    marked = {
        str(column)
        for table in sql.Base.metadata.sorted_tables
        for column in table.columns
        if column.info == sql.SECRET
    }
    assert named <= marked != set()


def test_control_characters_in_user_data_are_escaped(manage_data: ManageData, database_url: str) -> None:
    add_user(database_url)
    with Session(make_engine(database_url, poolclass=NullPool)) as session, session.begin():
        session.execute(text("UPDATE users SET name = :name"), {"name": "\x1b[2J[red]Ada[/red]\u202e\n"})
    assert r"\x1b[2J[red]Ada[/red]\u202e\n" in manage_data(database_url, "read").out


# --- schema ---------------------------------------------------------------------------------------------------------


def test_schema_shows_the_tables_of_the_database(manage_data: ManageData, migrated_url: str) -> None:
    result = manage_data(migrated_url, "schema")
    assert result.code == 0, result.err
    for table in (*sql.Base.metadata.tables, "alembic_version"):
        assert re.search(rf"^ +{table} +type +keys *$", result.out, re.MULTILINE), table
    assert re.search(r"^ +email +VARCHAR\(254\) +not null +unique \(email\) *$", result.out, re.MULTILINE)
    assert re.search(r"^ +last_login +(DATETIME|TIMESTAMP WITH TIME ZONE) *$", result.out, re.MULTILINE)
    assert "-> panels.user_id" in result.out
    assert f"The database has revision {crud.schema.REVISION}; this release has {crud.schema.REVISION}." in result.out


def test_schema_shows_no_revision_for_an_empty_database(manage_data: ManageData, empty_database_url: str) -> None:
    result = manage_data(empty_database_url, "schema")
    assert result == (0, f"The database has revision none; this release has {crud.schema.REVISION}.\n", "")


# --- clear ----------------------------------------------------------------------------------------------------------


def test_clear_drops_all_tables_and_names_the_command_that_creates_them(
    manage_data: ManageData, migrated_url: str
) -> None:
    add_user(migrated_url)
    result = manage_data(migrated_url, "clear")
    assert result == (0, "The database of TEST is now empty. './mc.sh migrate' creates the tables again.\n", "")
    assert manage_data(migrated_url, "schema").out.startswith("The database has revision none;")
    migrate(migrated_url)
    assert not any(all_rows(migrated_url).values())


def test_an_empty_database_can_be_cleared(manage_data: ManageData, empty_database_url: str) -> None:
    assert manage_data(empty_database_url, "clear").code == 0


def test_an_old_token_is_of_no_user_who_gets_the_id_after_a_clear(database_url: str, ada: Person, bob: Person) -> None:
    delete_all_rows(database_url)
    add_user(database_url)
    carol = Person.sign_up(ada.client, "carol@example.com")
    assert {row[0] for row in all_rows(database_url)["users"]} == {ada.id, bob.id}
    assert [person.get("/users").status_code for person in (ada, bob, carol)] == [401, 401, 200]


def test_clear_keeps_unknown_tables(manage_data: ManageData, migrated_url: str) -> None:
    execute_sql(migrated_url, "CREATE TABLE birds (id INTEGER PRIMARY KEY)")
    assert manage_data(migrated_url, "clear").code == 0
    assert "birds" in manage_data(migrated_url, "schema").out


def test_clear_drops_nothing_if_a_foreign_table_depends_on_it(manage_data: ManageData, migrated_url: str) -> None:
    add_user(migrated_url)
    execute_sql(migrated_url, "CREATE TABLE birds (user_id INTEGER NOT NULL REFERENCES users (id))")
    execute_sql(migrated_url, "INSERT INTO birds SELECT id FROM users")
    before = all_rows(migrated_url)
    result = manage_data(migrated_url, "clear")
    assert result == ("Another table or view of this database depends on these; nothing was dropped.", "", "")
    assert all_rows(migrated_url) == before


def add(database_url: str, *rows: sql.Base) -> None:
    with Session(make_engine(database_url, poolclass=NullPool)) as session, session.begin():
        for row in rows:
            session.add(row)
            session.flush()
