"""`ETag`, `If-None-Match` and `Cache-Control`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from httpx2 import Response

from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels.crud.versions import Version
from ninepanels.http import caching

from ..conftest import Clock
from ..support.people import Person
from ..support.people import data
from ..support.recorder import Recorder

PATHS = ["/panels", "/v5/panels", "/panels/{panel_id}/entries", "/history", "/insights", "/metrics/panels/consistency"]


@pytest.fixture
def backend() -> str:
    """Caching does not depend on the database."""
    return "sqlite"


def read(person: Person, path: str = "/panels", condition: str | None = None, method: str = "GET") -> Response:
    headers = {} if condition is None else {"If-None-Match": condition}
    return person.request(method, path, headers=headers)


def etag_of(person: Person, path: str = "/panels") -> str:
    etag: str = read(person, path).headers["ETag"]
    return etag


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", PATHS)
def test_a_client_with_the_current_response_gets_a_304(
    ada: Person, statements: list[str], path: str, method: str
) -> None:
    path = path.format(panel_id=ada.new_panel())
    stored = read(ada, path)
    statements.clear()
    response = read(ada, path, stored.headers["ETag"], method)
    assert (response.status_code, response.content, len(statements)) == (304, b"", 1)
    kept = {"etag", "cache-control", "vary", "content-security-policy", "referrer-policy", "x-content-type-options"}
    assert {name: stored.headers[name] for name in kept} == {
        name: value for name, value in response.headers.items() if name != "x-request-id"
    }


def test_responses_with_an_etag_are_revalidated_with_each_use_and_belong_to_one_token(ada: Person) -> None:
    headers = read(ada).headers
    assert headers["ETag"].startswith('"')
    assert (headers["Cache-Control"], headers["Vary"]) == ("private, no-cache", "Authorization")


CHANGES: dict[str, Callable[[Person, int], object]] = {
    "a tap": lambda ada, panel_id: ada.tap(panel_id),
    "a title": lambda ada, panel_id: data(ada.patch(f"/panels/{panel_id}", {"title": "Write"})),
    "a panel": lambda ada, _: ada.new_panel("Write"),
    "a deletion": lambda ada, panel_id: data(ada.delete(f"/panels/{panel_id}")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_data_changes_the_etag(ada: Person, change: str) -> None:
    panel_id = ada.new_panel()
    before = read(ada)
    CHANGES[change](ada, panel_id)
    after = read(ada, condition=before.headers["ETag"])
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]


def test_other_code_and_other_packages_change_the_etags(tmp_path: Path) -> None:
    package, packages = tmp_path / "ninepanels", tmp_path / "packages"
    (packages / "fastapi-0.165.0.dist-info").mkdir(parents=True)
    (package / "http").mkdir(parents=True)
    module = package / "http" / "caching.py"
    hashes = []
    for code in ("1", "2", "1"):
        module.write_text(code)
        hashes.append(caching.hash_of_release(package, [str(packages)]))
    assert hashes[0] == hashes[2] != hashes[1]
    (packages / "fastapi-0.165.0.dist-info").rename(packages / "fastapi-0.165.1.dist-info")
    assert caching.hash_of_release(package, [str(packages)]) != hashes[0]


def test_a_new_day_changes_the_etag_of_the_same_panels(wall_clock: Clock, ada: Person) -> None:
    etag = etag_of(ada)
    wall_clock.set("2026-11-23T23:59:59+00:00")
    assert read(ada, condition=etag).status_code == 304
    wall_clock.set("2026-11-24T00:00:00+00:00")
    assert read(ada, condition=etag).json()["meta"]["day"] == "2026-11-24"


@pytest.mark.usefixtures("wall_clock")
def test_the_etag_is_made_of_the_user_the_day_and_the_revision(ada: Person, bob: Person) -> None:
    ada.new_panel()
    version = Version(ada.id, "2026-11-23", 1)
    etag = etag_of(ada)
    assert etag == caching.etag_of(version).decode()
    others = [
        version._replace(user_id=bob.id),
        version._replace(day="2026-11-22"),
        version._replace(day="2026-99-99"),
        version._replace(revision=2),
    ]
    tags = [caching.etag_of(other).decode() for other in others] + [etag.replace('-1"', '-01"'), f'"0{etag[1:]}']
    assert [read(ada, condition=tag).status_code for tag in tags] == [200] * len(tags)
    assert read(ada, condition=", ".join([*tags, etag])).status_code == 304


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("{etag}", 304),
        ("W/{etag}", 304),
        ('"a", W/"b, c" ,{etag}', 304),
        (' "" , {etag}, ', 304),
        ("*", 304),
        (" * ", 304),
        ('"other"', 200),
        ('W/"*"', 200),
        ("{bare}", 200),
        ('"{bare}', 200),
        ("", 200),
        ('"\xff"', 200),
    ],
)
def test_conditions_are_lists_of_tags_or_an_asterisk(ada: Person, condition: str, status: int) -> None:
    etag = etag_of(ada)
    headers = [(b"if-none-match", condition.format(etag=etag, bare=etag.strip('"')).encode("latin-1"))]
    response = ada.client.get("/panels", headers=[*headers, (b"authorization", f"Bearer {ada.token}".encode())])
    assert response.status_code == status


def test_a_condition_in_several_headers_is_one_list(ada: Person) -> None:
    headers = [("If-None-Match", '"other"'), ("If-None-Match", etag_of(ada)), ("Authorization", f"Bearer {ada.token}")]
    assert ada.client.get("/panels", headers=headers).status_code == 304


@pytest.mark.parametrize(("token", "path", "status"), [("x", "/panels", 401), (None, "/panels/77/entries", 404)])
def test_an_error_is_never_a_304(ada: Person, token: str | None, path: str, status: int) -> None:
    etag = etag_of(ada)
    ada.token = token or ada.token
    response = read(ada, path, etag)
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


def test_a_304_is_timed_with_its_user(recorder: Recorder, ada: Person) -> None:
    read(ada, condition=etag_of(ada))
    payload = recorder.next(event_types.TIMING_CREATED).payload
    while isinstance(payload, pyd.TimingCreated) and payload.status_code != 304:
        payload = recorder.next(event_types.TIMING_CREATED).payload
    assert isinstance(payload, pyd.TimingCreated)
    assert (payload.method_path, payload.user_id) == ("GET_/panels", ada.id)


def test_other_responses_are_not_stored(ada: Person) -> None:
    tap = ada.post(f"/panels/{ada.new_panel()}/entries", {"is_complete": True})
    others = [ada.get(path) for path in ("/users", "/admin/users", "/", "/health/live", "/nowhere")]
    for response in [tap, *others, ada.post("/auth/logout", {})]:
        assert response.headers["Cache-Control"] == "no-store"
