from ninepanels import event_types
from ninepanels import pydmodels as pyd
from ninepanels.dispatcher import dispatcher

TYPES = {name: value for name, value in vars(event_types).items() if name.isupper()}


def test_every_event_type_has_its_entry() -> None:
    assert set(dispatcher) == set(TYPES.values())


def test_every_event_type_is_called_what_it_is() -> None:
    assert all(name == value for name, value in TYPES.items())


def test_every_handler_is_named_after_its_event() -> None:
    for event_type, handlers in dispatcher.items():
        names = [getattr(handler, "__name__", "") for handler in handlers]
        expected = f"handle_{event_type.lower()}"
        assert names == [expected] or all(name.startswith(f"{expected}_") for name in names)


def test_every_payload_is_of_a_type_of_its_own() -> None:
    def all_payloads(base: type[pyd.EventPayload]) -> list[type[pyd.EventPayload]]:
        below = [payload for child in base.__subclasses__() for payload in all_payloads(child)]
        return below or [base]

    types = [payload.type for payload in all_payloads(pyd.EventPayload)]
    assert len(set(types)) == len(types)
    assert set(types) <= set(TYPES.values())
