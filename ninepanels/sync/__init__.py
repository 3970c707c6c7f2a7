"""Streams of changes: what each client is told, the open streams of the process, signals between processes.

Queries are in `crud/streams.py`; taps, changes and histories are ordinary resources in `routes/` and `crud/`.
"""
