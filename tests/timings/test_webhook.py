"""Posting to the webhook."""

import asyncio

import pytest

from ninepanels import exceptions
from ninepanels.timings import webhook
from ninepanels.timings.webhook import Webhook

from ..support.postgres import free_port
from ..support.web_server import WebServer


def post(url: str, body: str = "{}") -> None:
    asyncio.run(Webhook(url).post(body))


def test_a_document_is_posted_as_json() -> None:
    with WebServer.running() as server:
        post(f"{server.url}/hooks/1?key=2", '{"name": "東方美人 🌱"}')
        assert server.paths == ["/hooks/1?key=2"]
        assert server.events() == [{"name": "東方美人 🌱"}]
        assert server.headers[0]["Content-Type"] == "application/json"


def test_without_a_url_nothing_is_posted() -> None:
    post("")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 403, 404, 410])
def test_a_permanent_error_is_rejected(status: int) -> None:
    with WebServer.running() as server:
        server.statuses = [status]
        with pytest.raises(exceptions.WebhookRejected):
            post(server.url)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_temporary_error_is_unavailable(status: int) -> None:
    with WebServer.running() as server:
        server.statuses = [status]
        with pytest.raises(exceptions.WebhookUnavailable):
            post(server.url)


def test_a_redirect_is_not_followed() -> None:
    with WebServer.running() as server, WebServer.running() as target:
        server.statuses, server.location = [307], f"{target.url}/target"
        with pytest.raises(exceptions.WebhookRejected):
            post(server.url)
        assert target.paths == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer.running() as server, WebServer.running() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        post(server.url)
        assert (len(server.bodies), proxy.bodies) == (1, [])


def test_a_webhook_that_does_not_respond_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.1)
    with WebServer.running() as server:
        server.may_respond.clear()
        with pytest.raises(exceptions.WebhookUnavailable):
            post(server.url)


def test_a_connection_error_does_not_reveal_the_url() -> None:
    with pytest.raises(exceptions.WebhookUnavailable) as caught:
        post(f"http://127.0.0.1:{free_port()}/hooks/secret")
    assert caught.value.context_msg == "ConnectError"
    assert caught.value.__suppress_context__
