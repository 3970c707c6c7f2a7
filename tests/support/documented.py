"""The errors that the OpenAPI schema documents, to compare the responses of all tests with."""

import re
from functools import cache
from typing import Any

from httpx2 import Response

from ninepanels.main import api


@cache
def _operations() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Return the operations of each path, with the pattern of the path."""
    paths = api.openapi()["paths"]
    return [(re.compile("(?:/v5)?" + re.sub(r"\{\w+\}", "[^/]+", path)), paths[path]) for path in paths]


@cache
def codes() -> dict[str, dict[str, set[str]]]:
    """Return the codes that each operation documents, by status or `default`."""
    responses = api.openapi()["components"]["responses"]
    return {
        operation["operationId"]: {
            status: set(responses[response["$ref"].rpartition("/")[2]]["content"]["application/json"]["examples"])
            for status, response in operation["responses"].items()
            if "$ref" in response
        }
        for _, operations in _operations()
        for operation in operations.values()
    }


def check(response: Response) -> None:
    """Check that an error is one that the schema documents for the operation of the request."""
    if response.status_code < 400:
        return
    method = response.request.method.lower().replace("head", "get")
    path = response.request.url.path
    for pattern, operations in _operations():
        if method in operations and pattern.fullmatch(path):
            operation_id = operations[method]["operationId"]
            documented = codes()[operation_id]
            expected = documented.get(str(response.status_code), documented["default"])
            response.read()
            assert not response.content or code_of(response) in expected, f"{operation_id}: {response.text}"


def code_of(response: Response) -> str:
    body = response.json()
    code: str = body["data"]["code"] if "data" in body else body["type"].rpartition("/")[2]
    return code
