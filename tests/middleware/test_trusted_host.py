import pytest
from starlette.testclient import TestClient

from ninepanels.config import Settings
from ninepanels.main import create_api
from ninepanels.middleware.trusted_host import TrustedHostMiddleware

from ..support.asgi import RecordingApp
from ..support.asgi import passes_through
from ..support.values import for_each

pytestmark = pytest.mark.any_database

TRUSTED = ("api.ninepanels.example", "*.panels.example", "localhost")


@pytest.fixture
def client(settings: Settings) -> TestClient:
    return TestClient(create_api(settings.model_copy(update={"trusted_hosts": TRUSTED})))


@for_each("host", ["api.ninepanels.example", "API.ninepanels.example:8000", "a.panels.example", "a.b.panels.example:1"])
def test_a_trusted_host_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/health/live", headers={"Host": host}).status_code == 200


@for_each(
    "host", ["evil.example", "", "panels.example", "evilpanels.example", "api.ninepanels.example.evil.example", "[::1]"]
)
def test_another_host_is_refused_in_the_envelope(client: TestClient, host: str) -> None:
    response = client.get("/health/live", headers={"Host": host})
    assert response.status_code == 400
    envelope = response.json()
    assert (envelope["status_code"], envelope["is_error"]) == (400, True)
    assert envelope["data"] == {"detail": envelope["error_message"], "code": "invalid_host"}
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize("scope_type", ["lifespan", "websocket"])
def test_other_protocols_pass_through(scope_type: str) -> None:
    recording_app = RecordingApp()
    assert passes_through(TrustedHostMiddleware(recording_app, TRUSTED), recording_app, scope_type)
