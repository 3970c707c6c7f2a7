"""Waits for the event handlers, or stops them."""

from starlette.testclient import TestClient

from ninepanels import queues


def finish_events(client: TestClient) -> None:
    """Wait until all events are handled. All timings are then in the database and in the statistics."""
    assert client.portal is not None
    client.portal.call(queues.drain)


def discard_events(client: TestClient) -> None:
    """Discard the events that wait. Otherwise the shutdown handles them, which takes longer than most tests."""
    assert client.portal is not None
    client.portal.call(_discard_events)


async def _discard_events() -> None:
    while not queues.event_queue.empty():
        queues.event_queue.get_nowait()
    for handler_queue in queues.event_queue.handler_queues.values():
        if not handler_queue.in_flight:
            handler_queue.waiting.clear()
            for task in handler_queue.tasks:
                task.cancel()
