"""HTTP parsing and responses: the project's router, request bodies, errors and client addresses.

Contains nothing specific to a resource or a user, and runs no database queries.
"""
