"""Queries on the schema itself."""

from functools import cache

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from .. import environments


def alembic_config() -> Config:
    """Return Alembic's configuration of this project."""
    return Config(environments.ROOT / "alembic.ini")


def read_revision(session: Session) -> str | None:
    """Return the revision the database is at, None when it has no schema yet."""
    return MigrationContext.configure(session.connection()).get_current_revision()


@cache
def head() -> str | None:
    """Return the revision this release is written for."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()
