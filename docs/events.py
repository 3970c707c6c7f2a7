"""Lists the event types in docs/events.md, from the code: `./mc.sh docs`."""

import functools
import inspect
import logging
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ninepanels import dispatcher
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels.config import Settings
from ninepanels.environments import Environment
from ninepanels.mail.outbox import Outbox
from ninepanels.sync.hub import Hub
from ninepanels.timings.webhook import Webhook

from . import generated


def write(page: Path) -> None:
    """Write a section for each event type between the marks of a page."""
    generated.replace(page, _sections())


def _sections() -> str:
    settings = Settings(env=Environment.TEST)
    payloads = {payload.type: payload for payload in _payloads(pyd.EventPayload)}
    handlers = dispatcher.create_dispatcher(settings, Outbox(settings), Webhook(""), Hub(0))
    lines: list[str] = []
    for event_type in handlers:
        payload = payloads[event_type]
        level = logging.getLevelName(payload.log_level)
        lines += [f"### {event_type}", "", f"{_docstring(payload)} Logged at level {level}.", ""]
        lines += ["| field of the payload | type |", "| --- | --- |"]
        fields = payload.model_json_schema(mode="serialization")["properties"]
        lines += [f"| `{name}` | {_type(field)} |" for name, field in fields.items()]
        lines += ["", *_described(handlers[event_type]), ""]
    return "\n".join([*lines, ""])


def _payloads(base: type[pyd.EventPayload]) -> Iterator[type[pyd.EventPayload]]:
    """Return the payload models with an event type, which are those below the base classes."""
    for payload in base.__subclasses__():
        if "type" in vars(payload):
            yield payload
        yield from _payloads(payload)


def _described(handlers: Sequence[queues.Handler | queues.Batched]) -> list[str]:
    """Return one line per handler."""
    lines = []
    for handler in handlers:
        batched = ", in batches" if isinstance(handler, queues.Batched) else ""
        function = handler.handler if isinstance(handler, queues.Batched) else handler
        function = function.func if isinstance(function, functools.partial) else function
        lines.append(f"- `{queues.HandlerQueue(handler).name}`{batched}: {_docstring(function)}")
    return ["Handlers:", "", *lines] if lines else ["No handler."]


def _docstring(documented: object) -> str:
    return " ".join(inspect.cleandoc(documented.__doc__ or "").split())


def _type(field: dict[str, Any]) -> str:
    """Return the type of a field of a JSON schema in words."""
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"])
    if field["type"] == "array":
        return f"array of {_type(field['items'])}s"
    return f"{field['type']} ({field['format']})" if "format" in field else str(field["type"])
