"""The process itself: threads, supervised background tasks, memory. Does not depend on HTTP, users or panels."""
