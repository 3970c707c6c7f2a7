from starlette.testclient import TestClient

from .. import people


def test_signing_up_answers_with_the_user(client: TestClient) -> None:
    body = {"email": "Ada@Example.com", "name": " Ada ", "password": "correct horse", "timezone": "Asia/Tokyo"}
    user = people.data(client.post("/users", json=body))
    assert user["email"] == "ada@example.com"
    assert user["name"] == "Ada"
    assert user["timezone"] == "Asia/Tokyo"
