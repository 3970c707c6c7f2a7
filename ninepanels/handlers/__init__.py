"""Event handlers.

A handler is a coroutine function named `handle_<event_type>`, with a suffix if an event has several. A handler of
several event types is named after what they have in common. Handlers get what they need from `dispatcher`.
"""
