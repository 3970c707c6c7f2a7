"""Login sessions. Tokens that were issued before have none until they are used.

Revision ID: a6e0c4d7b215
Revises: b2e7d91c4f08
"""

import sqlalchemy as sa
from alembic import op

revision = "a6e0c4d7b215"
down_revision = "b2e7d91c4f08"


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.create_table(
        "login_sessions",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("jti", sa.String(36), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "jti", name=op.f("pk_login_sessions")),
    )
    op.create_index(op.f("ix_login_sessions_expires_at"), "login_sessions", ["expires_at"])
