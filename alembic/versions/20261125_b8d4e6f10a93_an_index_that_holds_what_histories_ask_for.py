"""An index that holds what histories ask for.

Revision ID: b8d4e6f10a93
Revises: 3c1f0a77b2d5
"""

from alembic import op

revision = "b8d4e6f10a93"
down_revision = "3c1f0a77b2d5"


def upgrade() -> None:
    """Go forward; there is no way back but a new revision."""
    op.create_index("ix_entries_history", "entries", ["user_id", "panel_id", "day", "is_complete", "id"])
