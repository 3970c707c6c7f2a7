"""Makes the ids of requests and events."""

import os
import random
import uuid
from datetime import datetime

_source = random.Random()  # noqa: S311 - nothing is kept secret by these ids
# Two processes that go on from one state would give the same ids away.
os.register_at_fork(after_in_child=_source.seed)


def make() -> uuid.UUID:
    """Return a new UUID4.

    The kernel's random numbers would do it, too; but Python hands over to another thread while it asks for them, twice
    a request.
    """
    return uuid.UUID(int=_source.getrandbits(128), version=4)


def make_in_order(instant: datetime) -> uuid.UUID:
    """Return a new UUID7 (RFC 9562, section 5.7): the milliseconds of an aware instant, then random bits.

    As keys, those of one batch stand side by side; random ones are all over the index, a page for each.
    """
    milliseconds = int(instant.timestamp() * 1_000)
    return uuid.UUID(
        int=milliseconds << 80 | 7 << 76 | _source.getrandbits(12) << 64 | 0b10 << 62 | _source.getrandbits(62)
    )
