"""Ids of panels that SQLite never reuses: a late tap of a deleted panel must not be one of a newer panel.

The table had AUTOINCREMENT until revision c4a17d29e6f0 recreated it, because Alembic does not read that from the
database. It is recreated while foreign keys are not enforced (alembic/env.py), so no entry is deleted with it.

Revision ID: e4a9c7b10d36
Revises: c90b52f7d1e8
"""

from alembic import op

revision = "e4a9c7b10d36"
down_revision = "c90b52f7d1e8"


def upgrade() -> None:
    """Apply the revision. To undo it, add a new revision."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("panels", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
