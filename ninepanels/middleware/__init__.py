"""Plain ASGI, one class a file."""
