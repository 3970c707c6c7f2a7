"""Runs the migrations: in one transaction, one process at a time, on both databases."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlalchemy import NullPool
from sqlalchemy import event
from sqlalchemy import text

from ninepanels import sqlmodels as sql
from ninepanels.config import read_settings
from ninepanels.database import make_engine

# Any number does, as long as it stays the same.
MIGRATION_LOCK = 5_202_609


def _render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    # A migration says what is in the database, and does not change when our code does.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, sql.Instant) else False


def migrate(connection: Connection) -> None:
    """Bring the schema to the revision asked for."""
    is_sqlite = connection.dialect.name == "sqlite"
    with connection.begin():
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        context.configure(
            connection=connection,
            target_metadata=sql.Base.metadata,
            render_as_batch=True,
            transactional_ddl=True,
            render_item=_render_item,
        )
        context.run_migrations()
        if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError("The migration would leave rows whose owner is gone; nothing was changed.")


url = context.config.attributes.get("database_url") or read_settings().database_url
engine = make_engine(url, poolclass=NullPool)
if engine.dialect.name == "sqlite":
    # A table that is altered is made anew, and dropping the old one would cascade. Has no effect in a transaction.
    event.listen(engine, "connect", lambda sqlite, _entry: sqlite.execute("PRAGMA foreign_keys = OFF"))
with engine.connect() as connection:
    migrate(connection)
