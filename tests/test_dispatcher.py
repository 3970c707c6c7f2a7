"""The mapping from event types to handlers."""

from collections.abc import Sequence

import pytest

from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels import queues
from ninepanels.config import Settings
from ninepanels.dispatcher import create_dispatcher
from ninepanels.environments import Environment
from ninepanels.mail.outbox import Outbox
from ninepanels.queues import Dispatcher
from ninepanels.sync.hub import Hub
from ninepanels.timings.webhook import Webhook

TYPES = {name: value for name, value in vars(event_types).items() if name.isupper()}


@pytest.fixture
def dispatcher() -> Dispatcher:
    settings = Settings(env=Environment.TEST)
    return create_dispatcher(settings, Outbox(settings), Webhook(""), Hub(0))


def names(handlers: Sequence[queues.Handler | queues.Batched]) -> list[str]:
    return [queues.HandlerQueue(handler).name.partition(".")[2] for handler in handlers]


def test_every_event_type_has_an_entry(dispatcher: Dispatcher) -> None:
    assert set(dispatcher) == set(TYPES.values())


def test_every_event_type_equals_its_name() -> None:
    assert all(name == value for name, value in TYPES.items())


def test_a_handler_of_one_event_type_is_named_after_it(dispatcher: Dispatcher) -> None:
    of_type = {event_type: names(handlers) for event_type, handlers in dispatcher.items()}
    all_names = [name for each in of_type.values() for name in each]
    for event_type, each in of_type.items():
        for name in each:
            prefix = f"handle_{event_type.lower()}" if all_names.count(name) == 1 else "handle_"
            assert name.startswith(prefix)


def test_every_payload_model_has_a_unique_event_type() -> None:
    def all_payloads(base: type[pyd.EventPayload]) -> list[type[pyd.EventPayload]]:
        leaves = [payload for child in base.__subclasses__() for payload in all_payloads(child)]
        return leaves or [base]

    types = [payload.type for payload in all_payloads(pyd.EventPayload)]
    assert len(set(types)) == len(types)
    assert set(types) <= set(TYPES.values())
