"""Reading what has changed, and everything again after a deletion."""

from typing import Any

import pytest
from sqlalchemy import text

from ninepanels import crud
from ninepanels.database import database

from ..support.people import Person
from ..support.people import data


def changes(person: Person, since: int | None = None) -> Any:
    return data(person.get("/changes", **({} if since is None else {"since": since})))


def titles(read: Any) -> list[str]:
    return [panel["title"] for panel in read["panels"]]


def days(read: Any) -> list[str]:
    return [entry["day"] for entry in read["entries"]]


def test_a_new_user_has_no_changes(ada: Person) -> None:
    read = changes(ada)
    assert (read["revision"], read["panels"], read["entries"], read["more"]) == (0, [], [], False)


def test_without_a_revision_everything_is_returned(ada: Person, bob: Person) -> None:
    bob.tap(bob.new_panel("Bob's"))
    panel_id = ada.new_panel("Read")
    entry = ada.tap(panel_id, "2026-11-20")
    read = changes(ada)
    assert (read["panels"], read["entries"]) == (data(ada.get("/panels")), [entry])
    assert read["revision"] == 2


def test_only_what_changed_since_is_returned(ada: Person) -> None:
    first, second = ada.new_panel("Read"), ada.new_panel("Write")
    ada.tap(first, "2026-11-20")
    since = changes(ada)["revision"]
    assert days(changes(ada, since)) == titles(changes(ada, since)) == []
    ada.tap(second, "2026-11-19")
    ada.tap(first, "2026-11-20", is_complete=False)
    assert days(changes(ada, since)) == ["2026-11-19", "2026-11-20"]
    data(ada.patch(f"/panels/{first}", {"title": "Read more"}))
    read = changes(ada, since)
    assert titles(read) == ["Read more"]
    assert read["revision"] == since + 3


def test_the_panels_that_move_change_and_no_others(ada: Person) -> None:
    panel_ids = [ada.new_panel(str(number)) for number in range(4)]
    since = changes(ada)["revision"]
    data(ada.patch(f"/panels/{panel_ids[2]}", {"position": 1}))
    assert sorted(titles(changes(ada, since))) == ["1", "2"]
    since = changes(ada)["revision"]
    ada.new_panel("new", position=3)
    assert sorted(titles(changes(ada, since))) == ["3", "new"]


def test_pages_together_contain_every_change_once(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crud.changes, "PAGE", 2)
    panel_id = ada.new_panel()
    wanted = [f"2026-11-{day:02}" for day in range(1, 6)]
    for day in wanted:
        ada.tap(panel_id, day)
    pages = [changes(ada)]
    while pages[-1]["more"]:
        pages.append(changes(ada, pages[-1]["revision"]))
    assert [days(page) for page in pages] == [wanted[:2], wanted[2:4], wanted[4:]]
    assert [titles(page) for page in pages] == [["Read"], [], []]


def test_rows_of_earlier_releases_are_all_on_the_first_page(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crud.changes, "PAGE", 2)
    panel_id = ada.new_panel()
    for day in range(1, 5):
        ada.tap(panel_id, f"2026-11-{day:02}")
    with database.transaction() as work:
        for table in ("users", "panels", "entries"):
            work.execute(text(f"UPDATE {table} SET revision = 0"))  # noqa: S608 - our own names
    ada.tap(panel_id, "2026-11-05")
    first = changes(ada)
    assert (len(first["entries"]), first["revision"], first["more"]) == (4, 0, True)
    assert days(changes(ada, 0)) == ["2026-11-05"]


@pytest.mark.parametrize("path", ["/panels/{}", "/panels/{}/entries"])
def test_revisions_before_a_deletion_are_gone(ada: Person, bob: Person, path: str) -> None:
    panel_id, other_id = ada.new_panel("Read"), ada.new_panel("Write")
    ada.tap(panel_id, "2026-11-20")
    ada.tap(other_id, "2026-11-19")
    bob.new_panel()
    since, of_bob = changes(ada)["revision"], changes(bob)["revision"]
    data(ada.delete(path.format(panel_id)))
    assert ada.get("/changes", since=since).status_code == 410
    assert days(changes(ada)) == ["2026-11-19"]
    assert days(changes(ada, changes(ada)["revision"])) == []
    assert changes(bob, of_bob)["panels"] == []


def test_revisions_from_before_a_restore_are_gone(ada: Person) -> None:
    ada.new_panel("Read")
    since, etag = changes(ada)["revision"], ada.get("/panels").headers["ETag"]
    with database.transaction() as work:
        crud.users.raise_all_revisions(work)
    assert ada.get("/changes", since=since).status_code == 410
    assert ada.request("GET", "/panels", headers={"If-None-Match": etag}).status_code == 200
    read = changes(ada)
    assert (titles(read), changes(ada, read["revision"])["panels"]) == (["Read"], [])


def test_a_revision_that_is_not_reached_is_gone(ada: Person) -> None:
    response = ada.get("/changes", since=1)
    assert response.status_code == 410
    assert response.json()["data"]["code"] == "changes_gone"


@pytest.mark.parametrize("since", ["-1", "x", str(2**63)])
def test_an_invalid_revision_gets_422(ada: Person, since: str) -> None:
    assert ada.get("/changes", since=since).status_code == 422
