"""Timings, statistics and alerts of routes.

Revision ID: 3c1f0a77b2d5
Revises: fa8b545622d1
"""

import sqlalchemy as sa
from alembic import op

revision = "3c1f0a77b2d5"
down_revision = "fa8b545622d1"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.add_column("outbox", sa.Column("about", sa.JSON(), nullable=True))
    op.create_table(
        "timings",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("method_path", sa.String(length=272), nullable=False),
        sa.Column("status_code", sa.SmallInteger(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stop_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diff_ms", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_timings")),
    )
    op.create_table(
        "timing_stats",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("method_path", sa.String(length=272), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("avg", "p50", "p95", "p99", "min", "max", "last")),
        sa.Column("alert_threshold_ms", sa.Double(), nullable=False),
        sa.Column("in_alert", sa.Boolean(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timing_stats")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "route_settings",
        sa.Column("method_path", sa.String(length=272), nullable=False),
        sa.Column("alert_threshold_ms", sa.Double(), nullable=True),
        sa.Column("window_size", sa.Integer(), nullable=True),
        sa.Column("in_alert", sa.Boolean(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("method_path", name=op.f("pk_route_settings")),
    )
    for table, columns in (
        ("timings", ["method_path", "created_at"]),
        ("timings", ["created_at"]),
        ("timing_stats", ["method_path", "id"]),
        ("timing_stats", ["created_at"]),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
