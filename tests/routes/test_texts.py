"""Titles, descriptions, names and e-mails as they are stored and returned."""

import unicodedata

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from ninepanels import sqlmodels as sql
from ninepanels.database import database

from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data

pytestmark = pytest.mark.any_database

INVISIBLE = [
    *"\u200b\u2060\ufeff\u3164\u2800\u200f\ufe0f\u00ad\u034f\u115f\u2028\u3000\uffa0",
    "\U000e0041",
    "\u200d\u0301",
]
CONTROLS = [
    "\x07",
    "\x1b",
    "\x1c",
    "\x00",
    "\x7f",
    "\x85",
    "\n",
    "\r\n",
    "\t",
    "Read\x07",
    "Re\x1bad",
    "Read\n",
    "\tRead",
]
VISIBLE = ["👩‍👩‍👧‍👦", "🇩🇪", "1️⃣", "👍🏽", "\u200fקריאה\u200f", "می\u200cخوانم", "पढ़ना", "읽기", "❤️", "\U0001fae8"]  # noqa: RUF001 - of all scripts


def test_invisible_titles_and_names_are_422_and_change_nothing(ada: Person) -> None:
    panel_id = ada.new_panel("Read")
    for text in [*INVISIBLE, *CONTROLS]:
        sign_up = {"email": "eve@example.com", "name": text, "password": PASSWORD}
        responses = [
            ada.post("/panels", {"title": text}),
            ada.request("POST", "/panels", data={"title": text}),
            ada.patch(f"/panels/{panel_id}", {"title": text}),
            ada.patch("/users", {"name": text}),
            ada.client.post("/users", json=sign_up),
            ada.client.post("/users", data=sign_up),
        ]
        assert [response.status_code for response in responses] == [422] * len(responses), ascii(text)
    assert ada.titles() == ["Read"]
    assert data(ada.get("/users"))["name"] == "ada"


def test_visible_titles_and_names_keep_their_format_characters(ada: Person) -> None:
    panel_id = ada.new_panel()
    for text in VISIBLE:
        stored = unicodedata.normalize("NFC", text)
        data(ada.patch(f"/panels/{panel_id}", {"title": text}))
        assert ada.titles() == [stored]
        assert data(ada.patch("/users", {"name": text}))["name"] == stored


COMPOSED = st.sampled_from("\u0301\u0323\u0338eoa \u1161\u11a8ᄀ")
CHARACTERS = st.characters(exclude_categories=["C", "Zl", "Zp"]) | COMPOSED
TITLES = st.text(CHARACTERS, max_size=20).map("{}x".format)


@given(title=TITLES, description=st.text(CHARACTERS, max_size=50))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_is_stored_in_nfc(ada: Person, title: str, description: str) -> None:
    expected = (unicodedata.normalize("NFC", title.strip()), unicodedata.normalize("NFC", description) or None)
    panel = data(ada.post("/panels", {"title": title, "description": description}))
    assert (panel["title"], panel["description"]) == expected
    with database.transaction() as session:
        row = session.get(sql.Panel, panel["id"])
        assert row is not None
        assert (row.title, row.description) == expected
    changed = data(ada.patch(f"/panels/{panel['id']}", {"title": title, "description": description}))
    assert (changed["title"], changed["description"]) == expected
    assert data(ada.patch("/users", {"name": title}))["name"] == expected[0]
    data(ada.delete(f"/panels/{panel['id']}"))


def test_an_empty_description_is_null(ada: Person) -> None:
    as_json = data(ada.post("/panels", {"title": "a", "description": ""}))
    as_form = data(ada.request("POST", "/panels", data={"title": "b", "description": ""}))
    as_multipart = data(ada.request("POST", "/panels", files={"title": (None, "c"), "description": (None, "")}))
    assert [as_json["description"], as_form["description"], as_multipart["description"]] == [None] * 3


def test_an_empty_description_removes_the_description(ada: Person) -> None:
    panel_id = ada.new_panel(description="old")
    assert data(ada.patch(f"/panels/{panel_id}", {"description": ""}))["description"] is None
    assert data(ada.get("/panels"))[0]["description"] is None


def test_a_description_keeps_its_line_breaks_tabs_and_spaces(ada: Person) -> None:
    panel_id = ada.new_panel(description=" a\n")
    assert data(ada.get("/panels"))[0]["description"] == " a\n"
    for description in ["a\nb", "a\r\nb", "\ta", "a\n", " a "]:
        assert data(ada.patch(f"/panels/{panel_id}", {"description": description}))["description"] == description


def test_a_description_with_another_control_character_is_422(ada: Person) -> None:
    panel_id = ada.new_panel()
    for control in ["\x00", "\x07", "\x0b", "\x0c", "\x1b", "\x1c", "\x7f", "\x85", "\x9f"]:
        body = {"title": "a", "description": f"a{control}b"}
        assert ada.post("/panels", body).status_code == 422, ascii(control)
        assert ada.patch(f"/panels/{panel_id}", body).status_code == 422, ascii(control)


# --- E-mails ----------------------------------------------------------------------------------------------------------

EMAILS = [
    "İ@example.com",
    "İ" * 63 + "@example.com",
    "İ" * 80 + "@example.com",
    "ẞtraße@example.com",
    "ﬁnn@ﬁsh.example",
    "ΟΔΥΣΣΕΥΣ@example.com",
    "J\u030can@example.com",
    "é\u0323@example.com",
    "Jo\u0308rg@BU\u0308CHER.example",
    "a@XN--BCHER-KVA.example",
    "O'Hara+Tag@Example.COM",
]


def test_an_email_that_signs_up_can_log_in_with_every_spelling(client: TestClient) -> None:
    for email in EMAILS:
        sign_up = {"email": email, "name": "Ada", "password": PASSWORD}
        stored = data(client.post("/users", json=sign_up))["email"]
        for spelling in {email, stored, *(unicodedata.normalize(form, email) for form in ("NFC", "NFD"))}:
            assert Person.log_in(client, spelling)
            assert client.post("/users", json=sign_up | {"email": spelling}).status_code == 409


def test_an_email_whose_normalized_form_is_too_long_is_422(ada: Person) -> None:
    for email in (
        f"{'İ' * 100}@a.example",
        f"{'İ' * 120}@a.example",
        f"{'a' * 250}@a.example",
        f"a@{'ü' * 63}.example",
    ):
        sign_up = {"email": email, "name": "Ada", "password": PASSWORD}
        assert ada.client.post("/users", json=sign_up).status_code == 422
        assert ada.client.post("/auth/request_password_reset", json={"email": email}).status_code == 422
        assert ada.patch("/users", {"email": email, "current_password": PASSWORD}).status_code == 422


def test_a_changed_email_can_log_in(ada: Person) -> None:
    for email in EMAILS:
        data(ada.patch("/users", {"email": email, "current_password": PASSWORD}))
        assert Person.log_in(ada.client, email)
