"""Bearers who were seen before: what is presumed of them, and what is true by now."""

from collections.abc import Callable

import pytest

from ninepanels import clock
from ninepanels import crud
from ninepanels.accounts import current_user
from ninepanels.accounts import tokens
from ninepanels.database import database

from ..conftest import Clock
from ..crud.test_statements import EVERYDAY
from ..support.people import Person
from ..support.people import data


def travel(person: Person, timezone: str) -> None:
    """Move, by way of another process: this one hears nothing of it."""
    with database.transaction() as work:
        crud.users.update(work, crud.users.read_for_update(work, person.id), {"timezone": timezone})


def log_out(person: Person) -> None:
    # The client takes any ASGI application; ours has its settings there.
    token = tokens.read_token(person.token, person.client.app.state.settings)  # type: ignore[attr-defined]
    with database.transaction() as work:
        crud.tokens.blacklist(work, person.id, jti=token.jti, expires_at=token.expires_at)


def log_out_everywhere(person: Person) -> None:
    with database.transaction() as work:
        crud.users.revoke_tokens(work, person.id, clock.now())


def leave(person: Person) -> None:
    with database.transaction() as work:
        crud.users.delete(work, person.id)


@pytest.mark.parametrize("end", [log_out, log_out_everywhere, leave])
@pytest.mark.parametrize(("method", "path"), EVERYDAY)
def test_a_bearer_seen_a_moment_ago_is_nobody_once_the_token_is_dead(
    ada: Person, method: str, path: str, end: Callable[[Person], None]
) -> None:
    asked = {"json": {"is_complete": True}} if method == "POST" else {}
    path = path.format(panel_id=ada.new_panel())
    data(ada.request(method, path, **asked))
    end(ada)
    assert ada.request(method, path, **asked).status_code == 401


def test_a_tap_after_a_journey_is_for_the_day_it_is_there(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    assert ada.tap(panel_id)["day"] == "2026-11-23"
    travel(ada, "Pacific/Kiritimati")
    assert ada.tap(panel_id)["day"] == "2026-11-24"


def test_a_day_that_has_begun_at_the_end_of_a_journey_can_be_tapped(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    travel(ada, "Pacific/Kiritimati")
    assert ada.tap(panel_id, "2026-11-24")["day"] == "2026-11-24"


def test_the_panels_after_a_journey_are_those_of_the_day_it_is_there(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    assert data(ada.get("/panels"))[0]["is_complete"] is True
    travel(ada, "Pacific/Kiritimati")
    answer = ada.get("/panels").json()
    assert (answer["meta"]["day"], answer["data"][0]["is_complete"]) == ("2026-11-24", False)


def test_a_history_after_a_journey_ends_with_the_day_it_is_there(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel_id = ada.new_panel()
    ada.tap(panel_id)
    travel(ada, "Pacific/Kiritimati")
    assert data(ada.get(f"/panels/{panel_id}/entries"))[0]["day"] == "2026-11-24"
    assert data(ada.get("/metrics/panels/consistency"))[0]["panel_age"] == 2


def test_somebody_without_panels_has_none_and_is_not_missing(ada: Person) -> None:
    for path in ("/panels", "/metrics/panels/consistency"):
        assert [data(ada.get(path)), data(ada.get(path))] == [[], []]


def test_what_is_remembered_of_bearers_has_a_limit(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_user, "BEARER_CACHE_SIZE", 2)
    for _ in range(4):
        ada.token = Person.log_in(ada.client, ada.email)
        data(ada.get("/panels"))
        assert len(current_user._bearers) <= 2
