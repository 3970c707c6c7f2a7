"""Memory settings of the serving process."""

import ctypes
import gc

GC_THRESHOLD = 50_000
"""Allocations between two runs of the garbage collector."""

MMAP_THRESHOLD_BYTES = 256 * 1024
"""glibc returns blocks of this size to the system as soon as they are freed."""

MAX_ARENAS = 2
"""glibc's memory arenas. The GIL lets one thread run at a time, so more arenas would only hold unused memory."""

# Constants of glibc's malloc.h.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8


def tune() -> None:
    """Exclude all objects that exist now from garbage collection, and make glibc return freed memory."""
    # A full collection delays requests. Most objects are freed by reference counting; the default threshold of 700
    # allocations would start the collector about twice per request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    # By default, glibc keeps the 19 MiB that hashing a password takes. Other C libraries have no mallopt.
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)
        mallopt(_M_ARENA_MAX, MAX_ARENAS)
