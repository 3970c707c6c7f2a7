"""Event handlers.

A handler is a coroutine function named `handle_<event_type>`, with a suffix if the event type has several handlers. A
handler of several event types is named after what they have in common. `dispatcher` binds the other arguments.
"""
