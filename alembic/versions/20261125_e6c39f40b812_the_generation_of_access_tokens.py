"""The generation of each user's access tokens, so that a revocation covers tokens of a clock that was ahead.

Revision ID: e6c39f40b812
Revises: d5b28e3af701
"""

import sqlalchemy as sa
from alembic import op

revision = "e6c39f40b812"
down_revision = "d5b28e3af701"


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.add_column("users", sa.Column("token_generation", sa.Integer(), server_default="0", nullable=False))
