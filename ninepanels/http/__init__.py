"""HTTP parsing and responses: the project's router, request bodies, errors and client addresses.

Knows no resource, no user and no query.
"""
