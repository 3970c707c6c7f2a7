"""The OpenAPI schema has what a developer of a client needs: names, descriptions, limits and examples."""

import re
from collections.abc import Iterator
from typing import Any

from ninepanels.main import api

SCHEMA = api.openapi()
SCHEMAS = SCHEMA["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: operation for methods in SCHEMA["paths"].values() for operation in methods.values()
}


def parts_of(schema: Any) -> Iterator[dict[str, Any]]:
    """Return every object of a JSON document."""
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts_of(value)
    if isinstance(schema, dict):
        yield schema


def test_every_operation_has_a_short_name_a_summary_a_description_and_a_described_tag() -> None:
    tags = {tag["name"] for tag in SCHEMA["tags"] if tag["description"]}
    for operation_id, operation in OPERATIONS.items():
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+){0,3}", operation_id), operation_id
        assert re.fullmatch(r"[A-Z].{4,60}[^.]", operation["summary"]), operation_id
        assert re.match(r"[A-Z].{20,}", operation["description"]), operation_id
        assert set(operation["tags"]) <= tags, operation_id


def test_every_operation_has_examples_of_its_bodies() -> None:
    for operation_id, operation in OPERATIONS.items():
        bodies = [*operation.get("requestBody", {}).get("content", {}).values()]
        bodies += operation["responses"]["200"]["content"].values()
        assert all(body.get("example") for body in bodies), operation_id


def test_every_schema_has_a_short_name_and_describes_itself_and_its_fields() -> None:
    for name, schema in SCHEMAS.items():
        assert re.fullmatch(r"[A-Z][A-Za-z]{2,31}", name)
        assert schema["description"], name
        undescribed = {field for field, each in schema.get("properties", {}).items() if not each.get("description")}
        assert undescribed <= {"data"}, name


def test_every_parameter_is_described() -> None:
    parameters = [each for operation in OPERATIONS.values() for each in operation["parameters"]]
    parameters += SCHEMA["components"]["parameters"].values()
    assert not [each for each in parameters if not each.get("description") and "$ref" not in each]


def test_every_integer_of_the_schema_is_exact_in_javascript() -> None:
    numbers = [number for part in parts_of(SCHEMA) for number in part.values() if isinstance(number, int | float)]
    assert max(map(abs, numbers)) == 2**53 - 1


def test_the_security_schemes_are_those_of_the_login_and_of_a_token() -> None:
    assert {name: scheme["type"] for name, scheme in SCHEMA["components"]["securitySchemes"].items()} == {
        "password": "oauth2",
        "bearer": "http",
    }
    declared = [operation["security"] for operation in OPERATIONS.values()]
    assert all(security in ([], [{"password": []}, {"bearer": []}]) for security in declared)


def test_the_timestamp_of_an_entry_is_an_instant_and_that_of_the_history_a_day() -> None:
    formats = [SCHEMAS[name]["properties"]["timestamp"]["format"] for name in ("Entry", "HistoryDay")]
    assert formats == ["date-time", "date"]


def test_no_description_shows_python() -> None:
    text = [part["description"] for part in parts_of(SCHEMA) if isinstance(part.get("description"), str)]
    assert not [each for each in text if re.search(r"TypedDict|pydantic|Raises:|Args:|(?<!-)None\b|``", each)]
