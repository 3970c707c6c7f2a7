"""Measures each screen of the app with Lighthouse."""
