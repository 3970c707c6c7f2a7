"""Runs the migrations in one transaction, one process at a time, on both databases."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlalchemy import NullPool
from sqlalchemy import event
from sqlalchemy import text

from ninepanels import crud
from ninepanels import exceptions
from ninepanels import sqlmodels as sql
from ninepanels.config import read_settings
from ninepanels.database import make_engine
from ninepanels.ops import release

# An arbitrary number that must not change.
MIGRATION_LOCK = 5_202_609


def _render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    # Migrations use SQLAlchemy's types, so that they do not depend on the models.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, sql.Instant) else False


def migrate(connection: Connection) -> None:
    """Migrate the schema to the requested revision."""
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
            raise exceptions.OperationRefused(
                "The migration would leave rows that refer to missing rows; nothing was changed."
            )
        if crud.schema.read_revision(connection):
            crud.schema.write_release(connection, release.numbers())


url = context.config.attributes.get("database_url") or read_settings().database_url
engine = make_engine(url, poolclass=NullPool)
if engine.dialect.name == "sqlite":
    # A batch migration recreates the table, and dropping the old one would cascade. No effect inside a transaction.
    event.listen(engine, "connect", lambda sqlite, _entry: sqlite.execute("PRAGMA foreign_keys = OFF"))
with engine.connect() as connection:
    migrate(connection)
