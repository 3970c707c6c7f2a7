"""Second factors of users.

Revision ID: b2e7d91c4f08
Revises: f3b8d2a94c17
"""

import sqlalchemy as sa
from alembic import op

revision = "b2e7d91c4f08"
down_revision = "f3b8d2a94c17"


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("encrypted_secret", sa.String(255), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hashes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
