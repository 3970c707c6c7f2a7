"""Deletion is genuine: proven by looking into every table of the models."""

import shutil

from sqlalchemy import select

from ninepanels import crud
from ninepanels import sqlmodels as sql
from ninepanels.database import database

from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.servers import wait_for

# They speak of routes: no column of theirs could hold a user, or what one wrote.
OF_NO_USER = {"timings", "timing_stats", "route_settings"}
TABLES = [table for table in sql.Base.metadata.sorted_tables if table.name not in OF_NO_USER]


def everything() -> dict[str, set[tuple[object, ...]]]:
    """Every row of every table."""
    with database.connection() as connection:
        return {table.name: {tuple(row) for row in connection.execute(select(table))} for table in TABLES}


def nothing_is_due() -> bool:
    with database.connection() as connection:
        return crud.outbox.read_next_attempt(connection) is None


def leave_a_row_in_every_table(person: Person, mailbox: Mailbox) -> None:
    person.tap(person.new_panel())
    phone = Person(person.client, person.email, person.id, Person.log_in(person.client, person.email))
    data(phone.post("/auth/logout", {}))
    data(person.client.post("/auth/request_password_reset", json={"email": person.email}))
    mailbox.reset_link()
    wait_for(nothing_is_due)


def test_a_deleted_user_leaves_not_one_row_in_any_table(ada: Person, mailbox: Mailbox) -> None:
    leave_a_row_in_every_table(ada, mailbox)
    assert all(everything().values()), "a table is not looked at by this test"
    assert data(ada.delete("/users")) == {"success": True}
    assert not any(everything().values())


def test_what_is_kept_of_requests_names_nobody(ada: Person, mailbox: Mailbox) -> None:
    leave_a_row_in_every_table(ada, mailbox)
    finish_events(ada.client)
    tables = [table for table in sql.Base.metadata.sorted_tables if table.name in OF_NO_USER]
    assert not [table.name for table in tables if table.foreign_keys or "user_id" in table.columns]
    with database.connection() as connection:
        kept = str([connection.execute(select(table)).all() for table in tables])
    assert "POST_/panels/{panel_id}/entries" in kept
    # The whole address, and the name quoted as a value would be: "ada" alone is in every hundredth UUID.
    assert ada.email not in kept
    assert f"'{ada.email.partition('@')[0]}'" not in kept


def test_a_deleted_user_takes_nothing_of_anybody_elses_along(ada: Person, bob: Person, mailbox: Mailbox) -> None:
    leave_a_row_in_every_table(bob, mailbox)
    bobs = everything()
    leave_a_row_in_every_table(ada, Mailbox(mailbox.folder))
    data(ada.delete("/users"))
    left = everything()
    assert {name: rows for name, rows in left.items() if name != "users"} == {
        name: {row for row in rows if ada.email not in row} for name, rows in bobs.items() if name != "users"
    }
    assert len(left["users"]) == 1


def test_a_mail_that_waits_goes_with_its_user(ada: Person, mailbox: Mailbox) -> None:
    wait_for(nothing_is_due)
    shutil.rmtree(mailbox.folder)
    mailbox.folder.write_text("no mail gets in here")
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    data(ada.patch("/users", {"email": "lovelace@example.com", "current_password": PASSWORD}))
    data(ada.client.post("/auth/request_password_reset", json={"email": "lovelace@example.com"}))
    data(ada.delete("/users"))
    with database.connection() as connection:
        waiting = connection.scalars(select(sql.OutboxMail.recipient)).all()
    assert waiting == []
