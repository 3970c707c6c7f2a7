"""The first day of each panel, so that a change of time zone or day start changes no past day.

Revision ID: c4a17d29e6f0
Revises: b8d4e6f10a93
"""

from collections import defaultdict
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo
from zoneinfo import ZoneInfoNotFoundError

import sqlalchemy as sa
from alembic import op

revision = "c4a17d29e6f0"
down_revision = "b8d4e6f10a93"

BATCH = 500

users = sa.table("users", sa.column("id"), sa.column("timezone"), sa.column("day_starts_at"))
panels = sa.table(
    "panels",
    sa.column("id"),
    sa.column("user_id"),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("first_day", sa.Date()),
)


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    op.add_column("panels", sa.Column("first_day", sa.Date(), nullable=True))
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(panels.c.id, panels.c.created_at, users.c.timezone, users.c.day_starts_at).join_from(
            panels, users, users.c.id == panels.c.user_id
        )
    ).all()
    # Grouped by day: few statements for many panels, because panels can be read only after this transaction.
    ids_of: defaultdict[date, list[int]] = defaultdict(list)
    for panel_id, created_at, timezone, day_starts_at in rows:
        ids_of[_day_of(created_at, timezone, day_starts_at)].append(panel_id)
    for day, ids in ids_of.items():
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            connection.execute(sa.update(panels).where(panels.c.id.in_(batch)).values(first_day=day))
    with op.batch_alter_table("panels") as panels_table:
        panels_table.alter_column("first_day", existing_type=sa.Date(), nullable=False)


def _day_of(created_at: datetime, timezone: str, day_starts_at: int) -> date:
    """Return the day as the service computed it before this revision."""
    instant = created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        # A zone that was removed from the tz database must not block the migration; ValueError if it is not a name.
        zone = ZoneInfo("UTC")
    return (instant.astimezone(zone) - timedelta(hours=day_starts_at)).date()
