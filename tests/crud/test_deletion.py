"""Deleting a user removes all their data. The tests read every table of the models."""

import shutil

from sqlalchemy import select

from ninepanels import crud
from ninepanels import pydmodels as pyd
from ninepanels import sqlmodels as sql
from ninepanels.database import database

from ..support.authenticator import Authenticator
from ..support.mailbox import Mailbox
from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.pipeline import finish_events
from ..support.servers import wait_for

# Tables about routes, which have no column for a user or for what a user wrote.
WITHOUT_USER_DATA = {"timings", "timing_stats", "route_settings"}
TABLES = [table for table in sql.Base.metadata.sorted_tables if table.name not in WITHOUT_USER_DATA]


def read_all_rows() -> dict[str, set[tuple[str, ...]]]:
    """Return the rows of every table with user data, without the events of deletions, which name no user."""
    with database.connection() as connection:
        rows = {table.name: {tuple(map(str, row)) for row in connection.execute(select(table))} for table in TABLES}
    return rows | {"audit_events": {row for row in rows["audit_events"] if pyd.AuditAction.ACCOUNT_DELETED not in row}}


def no_mail_is_due() -> bool:
    with database.connection() as connection:
        return crud.outbox.read_next_attempt(connection) is None


def add_rows_to_every_table(person: Person, mailbox: Mailbox) -> None:
    created = person.request("POST", "/panels", json={"title": "Read"}, headers={"Idempotency-Key": "key"})
    person.tap(data(created)["id"])
    data(person.patch("/users", {"name": "Person"}))
    phone = Person(person.client, person.email, person.id, Person.log_in(person.client, person.email))
    data(phone.post("/auth/logout", {}))
    data(person.client.post("/auth/request_password_reset", json={"email": person.email}))
    mailbox.reset_link()
    Authenticator.start(person)
    wait_for(no_mail_is_due)


def test_deleting_a_user_removes_their_rows_from_every_table(ada: Person, mailbox: Mailbox) -> None:
    add_rows_to_every_table(ada, mailbox)
    assert all(read_all_rows().values()), "this test leaves a table empty"
    assert data(ada.delete("/users")) == {"success": True}
    assert not any(read_all_rows().values())


def test_stored_timings_do_not_identify_users(ada: Person, mailbox: Mailbox) -> None:
    add_rows_to_every_table(ada, mailbox)
    finish_events(ada.client)
    tables = [table for table in sql.Base.metadata.sorted_tables if table.name in WITHOUT_USER_DATA]
    assert not [table.name for table in tables if table.foreign_keys or "user_id" in table.columns]
    with database.connection() as connection:
        stored = str([connection.execute(select(table)).all() for table in tables])
    assert "POST_/panels/{panel_id}/entries" in stored
    # The name is searched in quotes, as a value: "ada" without quotes occurs in some UUIDs.
    assert ada.email not in stored
    assert f"'{ada.email.partition('@')[0]}'" not in stored


def test_deleting_a_user_keeps_the_rows_of_other_users(bob: Person, mailbox: Mailbox) -> None:
    add_rows_to_every_table(bob, mailbox)
    before = read_all_rows()
    ada = Person.sign_up(bob.client, "ada@example.com")
    add_rows_to_every_table(ada, Mailbox(mailbox.folder))
    data(ada.delete("/users"))
    after = read_all_rows()
    assert {name: rows for name, rows in after.items() if name != "users"} == {
        name: rows for name, rows in before.items() if name != "users"
    }
    assert len(after["users"]) == 1


def test_deleting_a_user_deletes_their_unsent_mails(ada: Person, mailbox: Mailbox) -> None:
    wait_for(no_mail_is_due)
    shutil.rmtree(mailbox.folder)
    mailbox.folder.write_text("a file instead of the folder, so that sending fails")
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    data(ada.patch("/users", {"email": "lovelace@example.com", "current_password": PASSWORD}))
    data(ada.client.post("/auth/request_password_reset", json={"email": "lovelace@example.com"}))
    data(ada.delete("/users"))
    with database.connection() as connection:
        recipients = connection.scalars(select(sql.OutboxMail.recipient)).all()
    assert recipients == []
