"""The responses to requests with an idempotency key.

Revision ID: c90b52f7d1e8
Revises: a7c15e92d604
"""

import sqlalchemy as sa
from alembic import op

revision = "c90b52f7d1e8"
down_revision = "a7c15e92d604"


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.create_table(
        "idempotent_requests",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_idempotent_requests_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "key_hash", name=op.f("pk_idempotent_requests")),
    )
    op.create_index(op.f("ix_idempotent_requests_created_at"), "idempotent_requests", ["created_at"])
