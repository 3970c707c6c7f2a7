"""Rate limits, which are off in most tests."""

import contextlib
from collections.abc import Iterator

from ninepanels.accounts import rate_limits


@contextlib.contextmanager
def counting() -> Iterator[None]:
    """Count attempts, from zero and in this process, until the end of the block."""
    rate_limits.rate_limiter.connect(on=True, storage="memory")
    try:
        yield
    finally:
        rate_limits.rate_limiter.connect(on=False, storage="memory")
