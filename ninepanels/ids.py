"""Makes the ids of requests and events."""

import random
import uuid


def make() -> uuid.UUID:
    """Return a new UUID4.

    The kernel's random numbers would do it, too; but Python hands over to another thread while it asks for them, twice
    a request. Nothing is kept secret by these ids.
    """
    return uuid.UUID(int=random.getrandbits(128), version=4)
