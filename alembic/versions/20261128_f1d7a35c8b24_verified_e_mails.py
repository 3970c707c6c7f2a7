"""Verified e-mails. Existing users count as verified: they have received mail at their address before.

Revision ID: f1d7a35c8b24
Revises: e4a9c7b10d36
"""

import sqlalchemy as sa
from alembic import op

revision = "f1d7a35c8b24"
down_revision = "e4a9c7b10d36"


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.add_column("users", sa.Column("is_email_verified", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("users", sa.Column("new_email", sa.String(254)))
