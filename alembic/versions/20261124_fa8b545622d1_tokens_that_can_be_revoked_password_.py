"""Tokens that can be revoked, password resets, and the outbox.

Revision ID: fa8b545622d1
Revises: 594bed1947a4
"""

import sqlalchemy as sa
from alembic import op

revision = "fa8b545622d1"
down_revision = "594bed1947a4"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.add_column("users", sa.Column("tokens_valid_after", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_users_admins",
        "users",
        ["id"],
        postgresql_where=sa.text("is_admin"),
        sqlite_where=sa.text("is_admin = 1"),
    )
    op.create_table(
        "blacklisted_access_tokens",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("jti", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_blacklisted_access_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "jti", name=op.f("pk_blacklisted_access_tokens")),
    )
    op.create_table(
        "password_reset_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invalidated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_password_reset_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_password_reset_tokens")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_outbox_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    for table, column in (
        ("blacklisted_access_tokens", "expires_at"),
        ("password_reset_tokens", "user_id"),
        ("password_reset_tokens", "expires_at"),
        ("outbox", "user_id"),
        ("outbox", "recipient"),
        ("outbox", "next_attempt_at"),
        ("outbox", "sent_at"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
