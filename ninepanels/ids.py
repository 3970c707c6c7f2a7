"""Ids of requests and events."""

import os
import random
import uuid
from datetime import datetime

_source = random.Random()  # noqa: S311 - the ids are no secrets
# A forked process inherits the state and would make the same ids as its parent.
os.register_at_fork(after_in_child=_source.seed)


def uuid4() -> uuid.UUID:
    """Return a new UUID4.

    `uuid.uuid4` reads the kernel's random numbers, for which Python releases the GIL; that would delay each request.
    """
    return uuid.UUID(int=_source.getrandbits(128), version=4)


def uuid7(instant: datetime) -> uuid.UUID:
    """Return a new UUID7 (RFC 9562, section 5.7): the milliseconds of an aware instant, then random bits.

    As primary keys, the ids of a batch are adjacent in the index; random ids would each touch another page.
    """
    milliseconds = int(instant.timestamp() * 1_000)
    return uuid.UUID(
        int=milliseconds << 80 | 7 << 76 | _source.getrandbits(12) << 64 | 0b10 << 62 | _source.getrandbits(62)
    )
