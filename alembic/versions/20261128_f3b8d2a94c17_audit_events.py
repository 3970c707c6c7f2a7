"""The changes of accounts and the changes by admins.

Revision ID: f3b8d2a94c17
Revises: f1d7a35c8b24
"""

import sqlalchemy as sa
from alembic import op

revision = "f3b8d2a94c17"
down_revision = "f1d7a35c8b24"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.create_table(
        "audit_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("target_id", ID, nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_audit_events_actor_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["target_id"], ["users.id"], name=op.f("fk_audit_events_target_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sqlite_autoincrement=True,
    )
    for column in ("created_at", "actor_id", "target_id"):
        op.create_index(op.f(f"ix_audit_events_{column}"), "audit_events", [column])
