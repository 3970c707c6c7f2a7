"""What is done about events: coroutines named `handle_<event_type>`, with a suffix where an event has several."""
