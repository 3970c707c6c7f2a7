"""The header `Allow` of a 405."""

import pytest
from starlette.testclient import TestClient

from ninepanels.main import api

from ..support.values import for_each

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"}
SCHEMA = {path: {method.upper() for method in operations} for path, operations in api.openapi()["paths"].items()}
PAGES: dict[str, set[str]] = {path: {"GET"} for path in ("/docs", "/redoc", "/openapi.json", "/static/swagger-ui.css")}
PATHS = {**SCHEMA, **{f"/v5{path}": methods for path, methods in SCHEMA.items()}, **PAGES}


@for_each("path", PATHS)
def test_a_405_names_all_methods_of_the_path_and_no_others(path: str) -> None:
    allowed = PATHS[path] | ({"HEAD"} if "GET" in PATHS[path] else set())
    client = TestClient(api)
    for method in METHODS - allowed:
        response = client.request(method, path.format(panel_id=1, user_id=1, session_id="a", day="2026-11-23"))
        assert response.status_code == 405, method
        assert set(response.headers["Allow"].split(", ")) == allowed, method


@pytest.mark.parametrize("path", ["/nowhere", "/v5/nowhere", "/panels/1/2/3", "/static/nothing.js"])
def test_a_404_names_no_methods(path: str) -> None:
    response = TestClient(api).get(path)
    assert response.status_code == 404
    assert "Allow" not in response.headers
