"""The process itself: threads, supervised background tasks, memory. Knows nothing of HTTP, users or panels."""
