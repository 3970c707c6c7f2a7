"""Forms: urlencoded with raw or percent-encoded UTF-8, and multipart, on the routes that take them."""

import json
from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import FastAPI
from fastapi import Form
from httpx2 import Response
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from ninepanels import pydmodels as pyd
from ninepanels.http import bodies
from ninepanels.http import errors
from ninepanels.http.routing import APIRouter

from ..support.people import PASSWORD
from ..support.people import Person
from ..support.people import data
from ..support.values import for_each

pytestmark = pytest.mark.any_database

URLENCODED = "application/x-www-form-urlencoded"
BOUNDARY = "-----------boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


class Cup(pyd.RequestBody):
    tea: str
    sugars: int = 0


@pytest.fixture(scope="module")
def cups() -> Iterator[TestClient]:
    router = APIRouter()

    @router.post("/both", openapi_extra=bodies.or_form(Cup))
    async def create_cup(cup: Cup) -> Cup:
        return cup

    @router.post("/json")
    async def create_cup_from_json(cup: Cup) -> Cup:
        return cup

    @router.post("/form")
    async def create_cup_from_form(cup: Annotated[Cup, Form()]) -> Cup:
        return cup

    api = FastAPI()
    api.include_router(router)
    errors.install(api)
    with TestClient(api) as client:
        yield client


def post(client: TestClient, path: str, content: bytes, content_type: str) -> Response:
    return client.post(path, content=content, headers={"Content-Type": content_type})


def part(name: str, value: bytes, *, parameters: str = "", headers: str = "") -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"{parameters}'
    return f"--{BOUNDARY}\r\n{disposition}\r\n{headers}\r\n".encode() + value + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def message_of(response: Response) -> str:
    """Return the message of a 422 with a single error."""
    assert response.status_code == 422, response.text
    (error,) = response.json()["detail"]
    assert set(error) == {"type", "loc", "msg"}
    message: str = error["msg"]
    return message


# --- Accepted forms ---------------------------------------------------------------------------------------------------

TEXTS = [
    "Größe",
    "Gro\u0308ße",
    "чай",
    "お茶",
    "شاي",
    "चाय",
    "🍵",
    "👩‍👩‍👧",
    "1️⃣",
    "a b",
    "\u00a0",
    "\ufeff",
    "line\r\nbreak",
]


@for_each("tea", TEXTS)
def test_raw_utf_8_in_a_urlencoded_form_is_accepted(cups: TestClient, tea: str) -> None:
    for path in ("/both", "/form"):
        assert post(cups, path, f"tea={tea}".encode(), URLENCODED).json() == {"tea": tea, "sugars": 0}


@pytest.mark.parametrize(
    ("form", "tea"),
    [
        (b"tea=Gr%C3%B6\xc3\x9fe", "Größe"),
        (b"tea=%c3\xb6", "ö"),
        (b"te%61=1+%2B+2", "1 + 2"),
        (b"tea=a%26b%3Dc=d", "a&b=c=d"),
        (b"&&tea=x&", "x"),
        (b"tea=100%&sugars=1", "100%"),
        (b"tea=%zz", "%zz"),
    ],
)
def test_raw_and_percent_encoded_bytes_can_be_mixed(cups: TestClient, form: bytes, tea: str) -> None:
    for path in ("/both", "/form"):
        assert post(cups, path, form, URLENCODED).json()["tea"] == tea


@given(tea=st.text(st.characters(exclude_categories=["Cs"]), max_size=50), sugars=st.integers(-(10**9), 10**9))
@settings(max_examples=50)
def test_a_multipart_form_and_json_with_the_same_fields_are_equal(cups: TestClient, tea: str, sugars: int) -> None:
    form = multipart(part("tea", tea.encode()), part("sugars", str(sugars).encode()))
    response = post(cups, "/both", form, MULTIPART)
    assert (response.status_code, response.json()) == (200, {"tea": tea, "sugars": sugars})


@pytest.mark.parametrize(
    "content_type",
    [
        MULTIPART,
        f'Multipart/Form-Data; Boundary="{BOUNDARY}"',
        f"multipart/form-data;charset=latin-1;boundary={BOUNDARY}",
    ],
)
def test_a_multipart_form_is_utf_8_whatever_its_content_type_says(cups: TestClient, content_type: str) -> None:
    assert post(cups, "/both", multipart(part("tea", "Größe".encode())), content_type).json()["tea"] == "Größe"


def test_the_headers_of_parts_are_case_insensitive_and_others_are_ignored(cups: TestClient) -> None:
    body = (
        f"--{BOUNDARY}\r\nContent-Type: text/plain; charset=utf-8\r\nCONTENT-DISPOSITION:form-data; name=tea\r\n\r\n"
        f"чай\r\n--{BOUNDARY}--"
    )
    assert post(cups, "/both", body.encode(), MULTIPART).json()["tea"] == "чай"


def test_a_multipart_form_of_httpx_is_accepted(cups: TestClient) -> None:
    parts = [("tea", (None, "Größe")), ("sugars", (None, "2"))]
    assert cups.post("/both", files=parts).json() == {"tea": "Größe", "sugars": 2}


def test_the_schema_lists_the_content_types_of_each_route(cups: TestClient) -> None:
    paths = cups.get("/openapi.json").json()["paths"]
    content = {path: paths[path]["post"]["requestBody"]["content"] for path in ("/both", "/json", "/form")}
    media_types = ["application/json", URLENCODED, "multipart/form-data"]
    assert content["/both"] == {kind: {"schema": {"$ref": "#/components/schemas/Cup"}} for kind in media_types}
    assert [list(content["/json"]), list(content["/form"])] == [["application/json"], [URLENCODED]]


# --- Rejected forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [b"tea=\xff", b"tea=%ff", b"tea=Gr\xf6\xdfe", b"\xff=1", b"tea=%ED%A0%80", b"tea=%C3"])
def test_an_invalid_urlencoded_form_is_422(cups: TestClient, form: bytes) -> None:
    for path in ("/both", "/form"):
        assert message_of(post(cups, path, form, URLENCODED)) == "The form is not valid UTF-8"


TEA = part("tea", b"green")


@for_each(
    ("form", "message"),
    [
        (multipart(TEA, TEA), "The form gives a field twice"),
        (multipart(part("tea", b"\xff")), "The form is not valid UTF-8"),
        (multipart(part("tea", "grün".encode("latin-1"))), "The form is not valid UTF-8"),
        (multipart(part("tea", b"\xed\xa0\x80")), "The form is not valid UTF-8"),
        (multipart(TEA, part("f", b"x", parameters='; filename="a.txt"')), "The form contains a file"),
        (multipart(TEA, part("f", b"", parameters='; filename=""')), "The form contains a file"),
        (multipart(part("tea", b"\x00", parameters="; filename=tea")), "The form contains a file"),
        (multipart(*(part(f"f{n}", b"") for n in range(101))), "The form has more than 100 fields"),
        (b"", "The multipart form is cut off before its last boundary"),
        (TEA, "The multipart form is cut off before its last boundary"),
        (multipart(TEA)[:-4], "The multipart form is cut off before its last boundary"),
        (TEA[:-10], "The multipart form is cut off before its last boundary"),
        (TEA[:40], "The multipart form is cut off before its last boundary"),
        (b"tea=green", "The multipart form is malformed"),
        (b'{"tea": "green"}', "The multipart form is malformed"),
        (f"--{BOUNDARY}\r\n\r\ngreen\r\n--{BOUNDARY}--".encode(), "A part of the multipart form has no name"),
        (multipart(TEA).replace(b"; name", b"; n\xff"), "A part of the multipart form has no name"),
        (multipart(TEA).replace(b"Content-", b"Content "), "The multipart form is malformed"),
    ],
)
def test_an_invalid_multipart_form_is_422(cups: TestClient, form: bytes, message: str) -> None:
    assert message_of(post(cups, "/both", form, MULTIPART)) == message


@pytest.mark.parametrize("parameters", ["", ";", "; boundary", "; boundary=", '; boundary=""', "; charset=utf-8"])
def test_a_multipart_form_without_boundary_is_422(cups: TestClient, parameters: str) -> None:
    response = post(cups, "/both", multipart(TEA), f"multipart/form-data{parameters}")
    assert message_of(response) == "The Content-Type of the multipart form has no boundary"


def test_an_overlong_boundary_is_422(cups: TestClient) -> None:
    content_type = f"multipart/form-data; boundary={'x' * 5_000}"
    assert message_of(post(cups, "/both", b"", content_type)) == "The multipart form is malformed"


@pytest.mark.parametrize(
    ("fields", "loc"), [({"milk": b"1"}, ["body"]), ({"sugars": b"many"}, ["body", "sugars"]), ({}, ["body", "tea"])]
)
def test_form_fields_have_the_rules_and_errors_of_json(
    cups: TestClient, fields: dict[str, bytes], loc: list[str]
) -> None:
    values = {name: value.decode() for name, value in fields.items()}
    if loc != ["body", "tea"]:
        fields, values = fields | {"tea": b"green"}, values | {"tea": "green"}
    form = multipart(*(part(name, value) for name, value in fields.items()))
    as_json = post(cups, "/both", json.dumps(values).encode(), "application/json")
    as_multipart = post(cups, "/both", form, MULTIPART)
    as_form = cups.post("/both", data=values, headers={"Content-Type": URLENCODED})
    assert as_multipart.json() == as_form.json() == as_json.json()
    assert as_json.status_code == 422
    assert as_json.json()["detail"][0]["loc"] == loc


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART, "multipart/form-data"])
@pytest.mark.parametrize("form", [b"", b"tea=green", multipart(TEA)])
def test_routes_that_take_json_say_so_to_forms(cups: TestClient, content_type: str, form: bytes) -> None:
    assert message_of(post(cups, "/json", form, content_type)) == "This request takes JSON, not a form"


@pytest.mark.parametrize("content_type", [MULTIPART, "multipart/form-data", "application/json", "text/plain", ""])
def test_routes_that_take_a_urlencoded_form_say_so_to_others(cups: TestClient, content_type: str) -> None:
    for form in (b"tea=green", multipart(TEA), b'{"tea": "green"}'):
        message = message_of(post(cups, "/form", form, content_type))
        assert message == f"This request takes a form (Content-Type: {URLENCODED})"


@given(body=st.binary(max_size=80), prefix=st.sampled_from([b"", TEA, TEA[:-2], f"--{BOUNDARY}".encode()]))
@settings(max_examples=200)
def test_arbitrary_bytes_in_forms_are_accepted_or_422(cups: TestClient, prefix: bytes, body: bytes) -> None:
    for content_type in (MULTIPART, URLENCODED):
        for path in ("/both", "/form"):
            assert post(cups, path, prefix + body, content_type).status_code in {200, 422}


@given(content_type=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_arbitrary_parameters_of_the_content_type_are_accepted_or_422(cups: TestClient, content_type: str) -> None:
    for kind in ("multipart/form-data;", "multipart/form-data; boundary=", f"{URLENCODED};"):
        assert post(cups, "/both", multipart(TEA), kind + content_type).status_code in {200, 422}


def test_a_rejected_form_is_not_logged(cups: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    for form in (b"hunter2", TEA.replace(b"\r\n", b"hunter2"), multipart(part("tea", b"hunter2"))[:-2] + b"x"):
        post(cups, "/both", form, MULTIPART)
    assert "hunter2" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("python_multipart")]


# --- The routes of the service ----------------------------------------------------------------------------------------

BODY_ROUTES = [
    ("/users", "post"),
    ("/users", "patch"),
    ("/auth/change_password", "post"),
    ("/auth/request_password_reset", "post"),
    ("/auth/password_reset", "post"),
    ("/auth/verify_email", "post"),
    ("/auth/totp", "post"),
    ("/auth/totp", "delete"),
    ("/auth/totp/confirm", "post"),
    ("/users", "delete"),
    ("/panels", "post"),
]


def test_the_schema_lists_three_content_types_for_each_route_that_takes_forms(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    media_types = {
        (path, method): set(operation["requestBody"]["content"])
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }
    both = {"application/json", URLENCODED, "multipart/form-data"}
    assert {route for route, listed in media_types.items() if listed == both} == set(BODY_ROUTES)
    assert media_types.pop(("/token", "post")) == {URLENCODED}
    assert {frozenset(listed) for listed in media_types.values()} == {frozenset(both), frozenset({"application/json"})}


def test_a_sign_up_and_a_login_with_raw_utf_8_work(client: TestClient) -> None:
    sign_up = "email=jörg@bücher.example&name=Jörg&password=Größe мышь"
    assert data(post(client, "/users", sign_up.encode(), URLENCODED))["name"] == "Jörg"
    for login in (
        "username=jörg@bücher.example&password=Größe мышь",
        "username=J%C3%96RG@bücher.example&password=Größe+мышь",
    ):
        assert data(post(client, "/token", login.encode(), URLENCODED))["access_token"]


def test_a_panel_can_be_created_with_each_form(ada: Person) -> None:
    for form, content_type in [
        ("title=Größe&description=Zeile 1%0AZeile 2".encode(), URLENCODED),
        (multipart(part("title", "Größe".encode()), part("description", b"Zeile 1\nZeile 2")), MULTIPART),
    ]:
        panel = data(ada.request("POST", "/panels", content=form, headers={"Content-Type": content_type}))
        assert (panel["title"], panel["description"]) == ("Größe", "Zeile 1\nZeile 2")


@pytest.mark.parametrize(("path", "method"), BODY_ROUTES)
def test_errors_of_forms_are_in_the_envelope(ada: Person, path: str, method: str) -> None:
    for form in (b"", multipart(part("x", b"", parameters='; filename="x"'))):
        response = ada.request(method, path, content=form, headers={"Content-Type": MULTIPART})
        assert response.status_code == 422
        assert response.json()["is_error"]
        assert response.json()["error_message"].startswith("The request: The ")


def test_a_login_with_a_multipart_form_is_422(ada: Person) -> None:
    form = multipart(part("username", ada.email.encode()), part("password", PASSWORD.encode()))
    response = post(ada.client, "/token", form, MULTIPART)
    assert response.status_code == 422
    assert response.json()["error_message"] == f"The request: This request takes a form (Content-Type: {URLENCODED})."


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
def test_a_tap_with_a_form_is_422(ada: Person, content_type: str) -> None:
    path = f"/panels/{ada.new_panel()}/entries"
    response = ada.request("POST", path, content=b"is_complete=true", headers={"Content-Type": content_type})
    assert response.status_code == 422
    assert response.json()["error_message"] == "The request: This request takes JSON, not a form."


def test_a_multipart_form_over_64_kib_is_413(ada: Person) -> None:
    form = multipart(part("title", b"x" * 65_536))
    assert ada.request("POST", "/panels", content=form, headers={"Content-Type": MULTIPART}).status_code == 413
