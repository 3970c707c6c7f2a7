"""An event handler that records all events."""

import queue
from typing import Any

import pytest

from ninepanels import dispatcher
from ninepanels import pydmodels as pyd
from ninepanels.queues import Dispatcher

from .servers import DEADLINE_S


class Recorder:
    def __init__(self) -> None:
        self._events: queue.Queue[pyd.Event] = queue.Queue()

    @classmethod
    def listening(cls, monkeypatch: pytest.MonkeyPatch) -> "Recorder":
        """Add a recorder to the handlers of every event type, in applications that start from now on."""
        recorder, create = cls(), dispatcher.create_dispatcher

        def create_dispatcher(*arguments: Any) -> Dispatcher:
            handlers = create(*arguments)
            return {event_type: [*handlers[event_type], recorder.handle] for event_type in handlers}

        monkeypatch.setattr(dispatcher, "create_dispatcher", create_dispatcher)
        return recorder

    async def handle(self, event: pyd.Event) -> None:
        self._events.put(event)

    def next(self, event_type: str) -> pyd.Event:
        """Wait for an event of a type and discard those before it."""
        while True:
            event = self._events.get(timeout=DEADLINE_S)
            if event.type == event_type:
                return event

    def all_so_far(self) -> list[pyd.Event]:
        return list(self._events.queue)
