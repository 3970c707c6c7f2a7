"""Ids of requests and events."""

import os
import random
import uuid
from datetime import datetime

_source = random.Random()  # noqa: S311 - the ids are no secrets
# A forked process inherits the random state. Without a new seed, it would make the same ids as its parent.
os.register_at_fork(after_in_child=_source.seed)


def uuid4() -> uuid.UUID:
    """Return a new UUID4.

    `uuid.uuid4` would delay each request: it reads the kernel's random numbers, and Python releases the GIL meanwhile.
    """
    return uuid.UUID(int=_source.getrandbits(128), version=4)


def uuid7(instant: datetime) -> uuid.UUID:
    """Return a new UUID7 (RFC 9562, section 5.7): the milliseconds of an aware instant, then random bits.

    In the index of a primary key, the ids of a batch are adjacent. Random ids would each write to a different page.
    """
    milliseconds = int(instant.timestamp() * 1_000)
    return uuid.UUID(
        int=milliseconds << 80 | 7 << 76 | _source.getrandbits(12) << 64 | 0b10 << 62 | _source.getrandbits(62)
    )
