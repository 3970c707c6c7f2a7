"""The revision of each change of a user's panels and entries, so that clients read only what has changed.

Rows of earlier releases have the revision 0.

Revision ID: a7c15e92d604
Revises: e6c39f40b812
"""

import sqlalchemy as sa
from alembic import op

revision = "a7c15e92d604"
down_revision = "e6c39f40b812"

COLUMNS = [("users", "revision"), ("users", "deleted_revision"), ("panels", "revision"), ("entries", "revision")]


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(column, sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("ix_entries_revision", "entries", ["user_id", "revision"])
