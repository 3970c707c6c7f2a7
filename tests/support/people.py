"""A user of the service, as a client of its API."""

from dataclasses import dataclass
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

PASSWORD = "correct horse"


def data(response: Response) -> Any:
    """Return the data of a response, which must have the status 200."""
    assert response.status_code == 200, response.text
    return response.json()["data"]


@dataclass
class Person:
    client: TestClient
    email: str
    id: int
    token: str

    @classmethod
    def sign_up(cls, client: TestClient, email: str, **fields: Any) -> "Person":
        body = {"email": email, "name": email.partition("@")[0], "password": PASSWORD} | fields
        user = data(client.post("/users", json=body))
        return cls(client, email, user["id"], cls.log_in(client, email, body["password"]))

    @staticmethod
    def log_in(client: TestClient, email: str, password: str = PASSWORD) -> str:
        token: str = data(client.post("/token", data={"username": email, "password": password}))["access_token"]
        return token

    def request(self, method: str, path: str, **options: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self.client.request(method, path, headers=headers, **options)

    def get(self, path: str, **params: Any) -> Response:
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Any) -> Response:
        return self.request("POST", path, json=body)

    def put(self, path: str, body: dict[str, Any]) -> Response:
        return self.request("PUT", path, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> Response:
        return self.request("PATCH", path, json=body)

    def delete(self, path: str) -> Response:
        return self.request("DELETE", path)

    def new_panel(self, title: str = "Read", **fields: Any) -> int:
        panel_id: int = data(self.post("/panels", {"title": title} | fields))["id"]
        return panel_id

    def tap(self, panel_id: int, day: str | None = None, *, is_complete: bool = True) -> dict[str, Any]:
        body = {"is_complete": is_complete} | ({"day": day} if day else {})
        entry: dict[str, Any] = data(self.post(f"/panels/{panel_id}/entries", body))
        return entry

    def titles(self) -> list[str]:
        panels = data(self.get("/panels"))
        assert [panel["position"] for panel in panels] == list(range(len(panels)))
        return [panel["title"] for panel in panels]
