"""Makes the ids of requests and events."""

import os
import random
import uuid

_source = random.Random()  # noqa: S311 - nothing is kept secret by these ids
# Two processes that go on from one state would give the same ids away.
os.register_at_fork(after_in_child=_source.seed)


def make() -> uuid.UUID:
    """Return a new UUID4.

    The kernel's random numbers would do it, too; but Python hands over to another thread while it asks for them, twice
    a request.
    """
    return uuid.UUID(int=_source.getrandbits(128), version=4)
