"""The documentation, and the modules that build it."""
