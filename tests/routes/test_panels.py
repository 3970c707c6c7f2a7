import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ninepanels import event_types

from ..conftest import Clock
from ..support.backends import on_sqlite
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder
from ..support.values import for_each


def test_a_new_user_has_no_panels(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    body = ada.get("/panels").json()
    assert body["data"] == []
    assert body["meta"] == {"day": "2026-11-23", "count": 0, "max_panels": 9}


def test_creating_a_panel_returns_all_its_fields(wall_clock: Clock, ada: Person) -> None:
    wall_clock.set("2026-11-23T12:00:00Z")
    panel = data(ada.post("/panels", {"title": " Бег 🏃 ", "description": "five\nkilometres"}))
    assert panel == {
        "id": panel["id"],
        "user_id": ada.id,
        "title": "Бег 🏃",
        "description": "five\nkilometres",
        "position": 0,
        "created_at": "2026-11-23T12:00:00Z",
        "is_complete": False,
    }
    assert data(ada.get("/panels")) == [panel]


def test_a_panel_can_be_created_with_a_form(ada: Person) -> None:
    ada.new_panel("A")
    panel = data(ada.request("POST", "/panels", data={"title": "B", "position": "0"}))
    assert (panel["title"], panel["position"]) == ("B", 0)


def test_a_tenth_panel_is_refused_with_400(ada: Person) -> None:
    for n in range(9):
        ada.new_panel(str(n))
    assert ada.post("/panels", {"title": "one too many"}).status_code == 400
    assert len(ada.titles()) == 9


@pytest.mark.parametrize(("position", "order"), [(0, "xab"), (1, "axb"), (2, "abx"), (99, "abx"), (2**70, "abx")])
def test_a_panel_is_inserted_at_its_position(ada: Person, position: int, order: str) -> None:
    ada.new_panel("a")
    ada.new_panel("b")
    ada.new_panel("x", position=position)
    assert ada.titles() == list(order)


def test_creating_a_panel_at_a_negative_position_returns_400(ada: Person) -> None:
    assert ada.post("/panels", {"title": "x", "position": -1}).status_code == 400
    assert ada.titles() == []


@pytest.mark.parametrize("position", [-1, 3, 2**70])
def test_moving_a_panel_out_of_range_returns_400_and_changes_nothing(ada: Person, position: int) -> None:
    panel_id = next(iter([ada.new_panel(title) for title in "abc"]))
    assert ada.patch(f"/panels/{panel_id}", {"position": position, "title": "z"}).status_code == 400
    assert ada.titles() == list("abc")


def test_moving_to_the_same_position_changes_nothing(ada: Person) -> None:
    panel_id = [ada.new_panel(title) for title in "abc"][1]
    assert data(ada.patch(f"/panels/{panel_id}", {"position": 1}))["position"] == 1
    assert ada.titles() == list("abc")


Operation = tuple[str, int, int]
OPERATIONS = st.lists(st.tuples(st.sampled_from(["insert", "move", "delete"]), st.integers(0, 8), st.integers(0, 8)))


@given(operations=OPERATIONS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_positions_behave_like_list_indexes(ada: Person, operations: list[Operation]) -> None:
    for panel in data(ada.get("/panels")):
        data(ada.delete(f"/panels/{panel['id']}"))
    expected: list[int] = []
    for operation, which, position in operations:
        if operation == "insert" and len(expected) < 9:
            expected.insert(position, ada.new_panel(position=position))
        elif operation == "move" and which < len(expected) and position < len(expected):
            panel_id = expected.pop(which)
            expected.insert(position, panel_id)
            data(ada.patch(f"/panels/{panel_id}", {"position": position}))
        elif operation == "delete" and which < len(expected):
            data(ada.delete(f"/panels/{expected.pop(which)}"))
    panels = data(ada.get("/panels"))
    assert [panel["id"] for panel in panels] == expected
    assert [panel["position"] for panel in panels] == list(range(len(expected)))


def test_title_and_description_can_be_changed(ada: Person) -> None:
    panel_id = ada.new_panel(description="old")
    panel = data(ada.patch(f"/panels/{panel_id}", {"title": "New", "description": "new"}))
    assert (panel["title"], panel["description"]) == ("New", "new")


def test_null_removes_the_description(ada: Person) -> None:
    panel_id = ada.new_panel(description="old")
    assert data(ada.patch(f"/panels/{panel_id}", {"description": None}))["description"] is None


def test_fields_that_are_not_sent_stay_unchanged(ada: Person) -> None:
    panel_id = ada.new_panel("Read", description="a book")
    panel = data(ada.patch(f"/panels/{panel_id}", {"title": "Write"}))
    assert panel["description"] == "a book"


def test_an_update_without_fields_is_refused_with_400(ada: Person) -> None:
    assert ada.patch(f"/panels/{ada.new_panel()}", {}).status_code == 400


@on_sqlite
@pytest.mark.parametrize(
    "body",
    [
        b'{"title": ""}',
        b'{"title": "   "}',
        b'{"title": null}',
        b'{"title": "' + b"x" * 66 + b'"}',
        b'{"title": "x", "description": "' + b"x" * 2001 + b'"}',
        b'{"title": "\\u0000"}',
        b'{"title": "\\ud800"}',
        b'{"title": "x", "description": "\\ud800"}',
        b'{"title": "x", "position": true}',
        b'{"title": "x", "position": "first"}',
        b'{"title": "x", "position": NaN}',
        b'{"title": "x", "position": 1e999}',
        b'{"title": "x", "position": 0.5}',
        b'{"title": "x", "position": ' + b"9" * 5000 + b"}",
        b'{"title": "x", "title": "y"}',
        b'{"title": "x", "user_id": 2}',
        b'{"title": "x"',
        b'{"title": "\xff"}',
        b"[]",
        b"null",
        b"",
        b"[" * 50_000,
        b'{"title":' * 5_000,
    ],
)
def test_a_malformed_body_returns_422_and_changes_nothing(ada: Person, body: bytes) -> None:
    panel_id = ada.new_panel("Read")
    for method, path in (("POST", "/panels"), ("PATCH", f"/panels/{panel_id}")):
        response = ada.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 422
        assert response.json()["is_error"]
        assert response.json()["error_message"]
    assert ada.titles() == ["Read"]


def test_a_422_response_never_contains_the_input(ada: Person) -> None:
    secrets = {"title": ["s3cret"], "s3cret": 1, "description": 5, "position": "s3cret"}
    malformed = ada.post("/panels", secrets)
    misplaced = ada.request("POST", "/panels", content=b'{"s3cret": 1}', headers={"Content-Type": "text/plain"})
    for response in (malformed, misplaced):
        assert response.status_code == 422
        assert "s3cret" not in response.text


def test_65_characters_of_any_script_fit_in_a_title(ada: Person) -> None:
    title = "🏃" * 65
    ada.new_panel(title)
    assert ada.titles() == [title]


def test_a_body_over_64_kib_returns_413(ada: Person) -> None:
    response = ada.post("/panels", {"title": "x", "description": "x" * 65_536})
    assert response.status_code == 413
    assert response.json()["error_message"] == "The request body is too large."


@on_sqlite
@for_each("panel_id", ["0", "-1", str(2**63), "9" * 5000, "one", "1.5", "%00", "%ff", "🏃"])
def test_a_malformed_panel_id_returns_422(ada: Person, panel_id: str) -> None:
    for method, path in (("DELETE", f"/panels/{panel_id}"), ("GET", f"/panels/{panel_id}/entries")):
        assert ada.request(method, path).status_code == 422


def test_the_largest_possible_id_returns_404(ada: Person) -> None:
    assert ada.delete(f"/panels/{2**53 - 1}").status_code == 404


def test_deleting_a_panel_deletes_its_history_and_closes_the_gap(ada: Person) -> None:
    first, second = ada.new_panel("a"), ada.new_panel("b")
    ada.tap(first)
    assert data(ada.delete(f"/panels/{first}")) == {"success": True}
    assert ada.titles() == ["b"]
    assert ada.get(f"/panels/{first}/entries").status_code == 404
    assert ada.get(f"/panels/{second}/entries").status_code == 200


def test_every_change_emits_an_event(recorder: Recorder, ada: Person) -> None:
    panel_id = ada.new_panel()
    ada.patch(f"/panels/{panel_id}", {"position": 0})
    ada.delete(f"/panels/{panel_id}")
    for event_type in (event_types.PANEL_CREATED, event_types.PANEL_UPDATED, event_types.PANEL_DELETED):
        payload = recorder.next(event_type).payload.model_dump()
        assert (payload["user_id"], payload["panel_id"]) == (ada.id, panel_id)
