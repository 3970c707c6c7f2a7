"""The operations of the OpenAPI schema, and valid requests for them, made of their examples."""

from typing import Any
from typing import NamedTuple

from ninepanels.main import api

from . import documented

# The response to a GET does not end, but that to a HEAD does.
STREAMS = {"/changes/stream"}


class Operation(NamedTuple):
    method: str
    path: str
    schema: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def has_login(self) -> bool:
        return bool(self.schema["security"])

    @property
    def is_for_admins(self) -> bool:
        """Whether a user with a login can be refused because they are not an admin."""
        codes = documented.codes()[self.schema["operationId"]]
        return self.has_login and "not_allowed" in codes.get("403", ())

    def parameters(self, place: str) -> dict[str, Any]:
        """Return the examples of the required parameters in the path or the query."""
        required = [each for each in self.schema["parameters"] if each.get("in") == place and each["required"]]
        return {each["name"]: each["schema"]["examples"][0] for each in required}

    def address(self, **ids: object) -> str:
        """Return the path with ids, or with those of the examples."""
        return self.path.format(**self.parameters("path") | ids)

    def sent(self) -> dict[str, Any]:
        """Return the example of the body, as JSON or else as a form, and of the query, as arguments of a request."""
        contents = self.schema.get("requestBody", {}).get("content", {})
        arguments = {"params": self.parameters("query")}
        for media_type, argument in (("application/json", "json"), ("application/x-www-form-urlencoded", "data")):
            if media_type in contents:
                return arguments | {argument: contents[media_type]["example"]}
        return arguments


OPERATIONS = [
    Operation(method.upper(), path, schema)
    for path, operations in api.openapi()["paths"].items()
    for method, schema in operations.items()
]

QUERIES = {(each.method, each.path): each.parameters("query") for each in OPERATIONS}
A_DAY = "2026-11-23"
