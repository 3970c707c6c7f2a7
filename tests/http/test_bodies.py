"""Strict parsing of request bodies."""

import asyncio
import json
from collections.abc import Iterator
from typing import Annotated
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from httpx2 import Response
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import StringConstraints
from starlette.testclient import TestClient

from ninepanels import pydmodels as pyd
from ninepanels.http import bodies
from ninepanels.http import errors
from ninepanels.http.routing import APIRouter

from ..support.values import for_each

pytestmark = pytest.mark.any_database

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class Cup(pyd.RequestBody):
    tea: Annotated[str, StringConstraints(max_length=100)]
    sugars: int = 0


class Nested(pyd.RequestBody):
    cups: Any


def create_api() -> FastAPI:
    router = APIRouter()

    @router.post("/both", openapi_extra=bodies.or_form(Cup))
    async def create_cup(cup: Cup) -> Cup:
        return cup

    @router.post("/json")
    async def create_cup_from_json(cup: Cup) -> Cup:
        return cup

    @router.post("/any")
    async def create_any(nested: Nested) -> Nested:
        return nested

    api = FastAPI()
    api.include_router(router)
    errors.install(api)
    return api


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_api()) as client:
        yield client


def post(client: TestClient, path: str, content: bytes, content_type: str = JSON) -> Response:
    return client.post(path, content=content, headers={"Content-Type": content_type})


def assert_rejected(response: Response) -> None:
    assert response.status_code == 422, response.text
    assert {frozenset(error) for error in response.json()["detail"]} == {frozenset({"type", "loc", "msg"})}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


# --- Accepted bodies ------------------------------------------------------------------------------------------------


@given(tea=texts, sugars=st.integers(-(10**18), 10**18))
@settings(max_examples=50)
def test_json_and_form_with_the_same_fields_are_equal(client: TestClient, tea: str, sugars: int) -> None:
    cup = {"tea": tea, "sugars": sugars}
    as_json = post(client, "/both", json.dumps(cup).encode())
    as_form = post(client, "/both", urlencode(cup).encode(), FORM)
    assert (as_json.status_code, as_json.json()) == (as_form.status_code, as_form.json()) == (200, cup)


@pytest.mark.parametrize("content_type", [f"{FORM}; charset=utf-8", "Application/X-WWW-Form-URLEncoded", f"{FORM} ;"])
def test_form_content_types_are_recognized_in_all_spellings(client: TestClient, content_type: str) -> None:
    assert post(client, "/both", b"tea=green", content_type).json()["tea"] == "green"


def test_blank_form_fields_are_kept(client: TestClient) -> None:
    assert post(client, "/both", b"tea=", FORM).json()["tea"] == ""


def test_a_plus_in_a_form_is_a_space(client: TestClient) -> None:
    assert post(client, "/both", b"tea=earl+grey%2B", FORM).json()["tea"] == "earl grey+"


@pytest.mark.parametrize("value", [None, True, 1.5, "🌱", [1, [2]], {"a": {"b": []}}])
def test_json_values_of_all_types_are_accepted(client: TestClient, value: Any) -> None:
    assert post(client, "/any", json.dumps({"cups": value}).encode()).json() == {"cups": value}


# --- Rejected bodies ------------------------------------------------------------------------------------------------


@for_each(
    "body",
    [
        b"",
        b"{",
        b"tea",
        b"tea=green",
        b"[]",
        b"null",
        b'"tea"',
        b'{"tea": "green"} x',
        b"{'tea': 'green'}",
        b'{"tea": "green",}',
        b'{"tea": "\xff"}',
        b'{"tea": "\xed\xa0\x80"}',
        b'{"tea": "\\ud800"}',
        b'\xff\xfe{\x00"\x00',
        b'\xef\xbb\xbf{"tea": "green"}',
        b'{"tea": "green", "tea": "black"}',
        b'{"tea": "green", "\\u0074ea": "black"}',
        b'{"tea": "green", "sugars": NaN}',
        b'{"tea": "green", "sugars": Infinity}',
        b'{"tea": "green", "sugars": ' + b"9" * 5_000 + b"}",
        b'{"tea": "green", "milk": true}',
        b'{"sugars": 1}',
    ],
)
@for_each("path", ["/both", "/json"])
def test_invalid_json_is_rejected(client: TestClient, path: str, body: bytes) -> None:
    assert_rejected(post(client, path, body))


@pytest.mark.parametrize(
    "cups",
    [
        b'{"a": 1, "a": 1}',
        b'[{"a": 1, "a": 2}]',
        b"-Infinity",
        b"[" * 20_000 + b"]" * 20_000,
        b"[" * 20_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
    ids=["repeated", "repeated in a list", "-Infinity", "deep", "deep, not closed", "deep objects"],
)
def test_invalid_nested_json_is_rejected(client: TestClient, cups: bytes) -> None:
    assert_rejected(post(client, "/any", b'{"cups": ' + cups + b"}"))


@for_each(
    "body",
    [
        b"",
        b"green",
        b"tea=green&tea=black",
        b"tea=green&%74ea=black",
        b"tea=%FF",
        b"tea=%ED%A0%80",
        b"tea=\xff",
        b"tea=green&milk=1",
        b"tea=green&sugars=many",
        b"&".join(b"f%d=1" % n for n in range(101)),
        b'{"tea": "green"}',
    ],
)
def test_invalid_forms_are_rejected(client: TestClient, body: bytes) -> None:
    assert_rejected(post(client, "/both", body, FORM))


@pytest.mark.parametrize(
    "content_type", [FORM, "text/plain", "multipart/form-data; boundary=x", "application/xml", "x"]
)
def test_json_routes_reject_other_content_types(client: TestClient, content_type: str) -> None:
    assert_rejected(post(client, "/json", b"tea=green", content_type))


@pytest.mark.parametrize("path", ["/both", "/json"])
def test_validation_errors_never_contain_input(client: TestClient, path: str) -> None:
    for content_type in (JSON, FORM):
        for body in (b"hunter2", b"hunter2=hunter2", b'{"hunter2": "hunter2"}', b'{"tea": ["hunter2"]}'):
            response = post(client, path, body, content_type)
            assert_rejected(response)
            assert "hunter2" not in response.text


@given(body=st.binary(max_size=60), content_type=st.sampled_from([JSON, FORM, "text/plain", ""]))
def test_arbitrary_bytes_are_accepted_or_rejected(client: TestClient, body: bytes, content_type: str) -> None:
    assert post(client, "/both", body, content_type).status_code in (200, 422)


@pytest.mark.parametrize("content_type", [FORM, JSON])
def test_a_disconnect_during_the_body_is_not_a_5xx(content_type: str) -> None:
    received = iter([{"type": "http.request", "body": b"te", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(received)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/both", "query_string": b"", "root_path": ""}
    scope["headers"] = [(b"content-type", content_type.encode())]
    asyncio.run(create_api()(scope, receive, send))
    assert sent[0]["status"] in {400, 422}
