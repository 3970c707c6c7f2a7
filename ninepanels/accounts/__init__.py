"""Accounts: passwords, access tokens, the current user and rate limits.

Queries on users and tokens are in `crud`; the HTTP routes are in `routes`.
"""
