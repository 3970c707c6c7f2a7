"""Waiting until the service is done with what requests have left for it to do."""

from starlette.testclient import TestClient

from ninepanels import queues
from ninepanels.timing_buffer import timing_buffer


async def _finish_events() -> None:
    await queues.drain()
    await timing_buffer.flush()
    await queues.drain()


def finish_events(client: TestClient) -> None:
    """Return when every timing so far is in the database, and the statistics are of all of them."""
    assert client.portal is not None
    client.portal.call(_finish_events)
