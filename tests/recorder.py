"""An event handler that remembers."""

import queue

import pytest

from ninepanels import pydmodels as pyd
from ninepanels.dispatcher import dispatcher


class Recorder:
    def __init__(self) -> None:
        self._heard: queue.Queue[pyd.Event] = queue.Queue()

    @classmethod
    def listening(cls, monkeypatch: pytest.MonkeyPatch) -> "Recorder":
        recorder = cls()
        for event_type, handlers in dispatcher.items():
            monkeypatch.setitem(dispatcher, event_type, [*handlers, recorder.handle])
        return recorder

    async def handle(self, event: pyd.Event) -> None:
        self._heard.put(event)

    def next(self, event_type: str) -> pyd.Event:
        """Wait for an event of a type; those before it are forgotten."""
        while True:
            event = self._heard.get(timeout=10)
            if event.type == event_type:
                return event

    def all_so_far(self) -> list[pyd.Event]:
        return list(self._heard.queue)
