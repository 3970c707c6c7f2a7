import pytest

from ninepanels import queues
from ninepanels.queues import EventQueue


@pytest.fixture(autouse=True)
def event_queue(monkeypatch: pytest.MonkeyPatch) -> EventQueue:
    """An empty queue with a small capacity. `run` binds it to its event loop."""
    event_queue = EventQueue()
    monkeypatch.setattr(queues, "event_queue", event_queue)
    monkeypatch.setattr(queues, "CAPACITY", 5)
    return event_queue
