"""How this process keeps house with its memory."""

import ctypes
import gc

GARBAGE_AT_MOST = 50_000
"""Objects that may have come up before the collector looks which of them are of no use."""

LARGE = 256 * 1024
"""Bytes; a block of this size goes back to the system as soon as it is free."""

ARENAS = 2
"""Places that threads take memory from; as Python lets one thread work at a time, few do."""

# As glibc's malloc.h has them.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8


def settle_down() -> None:
    """Take it that all there is by now stays for good, and that what comes later mostly does not."""
    # Whenever the collector went through all of it again, requests would wait. What comes later is mostly freed without
    # it: it need not look after every 700 objects, which is twice a request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AT_MOST)
    # By itself, glibc would keep the 19 MiB of a password's hash for the next one, and 16 arenas with room in each of
    # them. Other C libraries have no such call, and no such habits.
    if set_option := getattr(ctypes.CDLL(None), "mallopt", None):
        set_option(_M_MMAP_THRESHOLD, LARGE)
        set_option(_M_ARENA_MAX, ARENAS)
