"""How many statements a request costs, beyond begin and commit, its authentication included."""

import pytest

from .people import Person
from .people import data

ROUTES = [
    ("GET", "/panels"),
    ("POST", "/panels/{panel_id}/entries"),
    ("GET", "/panels/{panel_id}/entries"),
    ("GET", "/metrics/panels/consistency"),
]


@pytest.mark.parametrize("how_many", [1, 9])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_the_everyday_routes_take_two_statements(
    ada: Person, statements: list[str], method: str, path: str, how_many: int
) -> None:
    panel_ids = [ada.new_panel(str(n)) for n in range(how_many)]
    for day in range(1, 3 * how_many):
        ada.tap(panel_ids[0], f"2026-10-{day:02}")
    wait_for_activity(ada, statements)
    body = {"is_complete": True} if method == "POST" else None
    data(ada.request(method, path.format(panel_id=panel_ids[0]), json=body))
    assert 1 <= len(statements) <= 2, statements


def wait_for_activity(person: Person, statements: list[str]) -> None:
    """Let the event handlers write what they write once, so that it does not count below."""
    while not data(person.get("/users"))["last_activity"] or not data(person.get("/users"))["last_login"]:
        pass
    statements.clear()
