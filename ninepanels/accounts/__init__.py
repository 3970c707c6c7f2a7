"""Accounts: passwords, access tokens and their sessions, the current user and rate limits.

Queries on users and tokens are in `crud`; the HTTP routes are in `routes`.
"""
