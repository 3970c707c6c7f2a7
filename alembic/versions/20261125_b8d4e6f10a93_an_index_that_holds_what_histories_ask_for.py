"""A covering index for histories.

Revision ID: b8d4e6f10a93
Revises: 3c1f0a77b2d5
"""

from alembic import op

revision = "b8d4e6f10a93"
down_revision = "3c1f0a77b2d5"


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.create_index("ix_entries_history", "entries", ["user_id", "panel_id", "day", "is_complete", "id"])
