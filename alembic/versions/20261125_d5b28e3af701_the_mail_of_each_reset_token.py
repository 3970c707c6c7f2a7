"""The e-mail that each password reset token was sent with, so that requests are ordered by id, not by time.

Revision ID: d5b28e3af701
Revises: c4a17d29e6f0
"""

import sqlalchemy as sa
from alembic import op

revision = "d5b28e3af701"
down_revision = "c4a17d29e6f0"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.add_column("password_reset_tokens", sa.Column("mail_id", ID, nullable=True))
