"""Waits for the event handlers."""

from starlette.testclient import TestClient

from ninepanels import queues


def finish_events(client: TestClient) -> None:
    """Wait until all events are handled. All timings are then in the database and in the statistics."""
    assert client.portal is not None
    client.portal.call(queues.drain)
