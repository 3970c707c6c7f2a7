"""Generated input for every route of the schema: no input causes a 500."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ninepanels import crud
from ninepanels.database import database

from ..support.operations import OPERATIONS
from ..support.operations import STREAMS
from ..support.people import Person
from ..support.values import for_each

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["\x00", "2026-11-23", "0001-01-01", "9999-12-31", "é" * 70, "🏃", "' OR 1=1 --", "%00", "true"])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)
FIELDS = st.sampled_from(
    [
        "title",
        "description",
        "position",
        "is_complete",
        "day",
        "email",
        "name",
        "password",
        "timezone",
        "day_starts_at",
        "is_admin",
        "current_password",
        "new_password",
        "password_reset_token",
        "method_path",
        "alert_threshold_ms",
        "window_size",
    ]
)
BODIES = st.dictionaries(FIELDS, VALUES, max_size=5) | VALUES
IDS = st.integers(-(2**70), 2**70).map(str) | st.sampled_from(["1", "0", "%00", "%ff", "..", "1e3", "+1", "\uff11"])
QUERY_NAMES = st.sampled_from(["offset", "limit", "sort_by", "days", "method_path", "window_size"])
QUERIES = st.dictionaries(QUERY_NAMES, SCALARS.map(str), max_size=3)
ERRORS = {400, 401, 403, 404, 405, 409, 413, 422}


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in OPERATIONS if path not in STREAMS])
@given(data=st.data())
@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_input_is_answered_in_the_envelope(ada: Person, method: str, path: str, data: st.DataObject) -> None:
    if path.startswith("/admin/"):
        with database.transaction() as work:
            crud.users.set_admin(work, ada.id, is_admin=True)
    options: dict[str, Any] = {"params": data.draw(QUERIES)}
    if method in {"POST", "PATCH"}:
        options["json"] = data.draw(BODIES)
    response = ada.request(method, re.sub(r"\{\w+\}", data.draw(IDS), path), **options)
    assert response.status_code in ERRORS | {200}
    if response.headers["Content-Type"].startswith("text/plain"):
        return
    assert set(response.json()) == {"data", "status_code", "is_error", "error_message", "meta"}
    assert response.json()["is_error"] == (response.status_code != 200)


HEADERS = {
    "X-Request-ID": "\x7f" * 70,
    "Referer": "http://[",
    "Authorization": "Bearer " + "A" * 5_000,
    "Content-Type": 'application/json; charset="utf-16',
    "Content-Length": "9" * 30,
    "Origin": "null",
    "Cookie": "=;=;",
}


@for_each("header", HEADERS)
def test_a_malformed_header_never_causes_a_500(ada: Person, header: str) -> None:
    response = ada.request("POST", "/panels", content=b"{}", headers={header: HEADERS[header]})
    assert response.status_code in ERRORS
