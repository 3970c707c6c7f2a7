"""Waits until the service has handled the events that requests left behind."""

from starlette.testclient import TestClient

from ninepanels import queues


def finish_events(client: TestClient) -> None:
    """Return when every timing so far is in the database and the statistics include it."""
    assert client.portal is not None
    client.portal.call(queues.drain)
