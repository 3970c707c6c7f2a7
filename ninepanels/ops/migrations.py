"""Brings the database's schema up to this release: `python -m ninepanels.ops.migrations`."""

import sys

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from .. import config
from .. import environments
from .. import exceptions
from .. import sqlmodels as sql


def alembic_config() -> Config:
    """Return Alembic's configuration of this project."""
    return Config(environments.ROOT / "alembic.ini")


def revisions() -> frozenset[str]:
    """Return the revisions this release can bring to its own."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions())


def are_in_step(connection: Connection) -> bool:
    """Return whether the tables of a database are those of the models."""
    return not compare_metadata(MigrationContext.configure(connection), sql.Base.metadata)


def migrate(database_url: str, revision: str = "head") -> None:
    """Bring the schema of a database up to a revision."""
    alembic = alembic_config()
    alembic.attributes["database_url"] = database_url
    command.upgrade(alembic, revision)


def upgrade() -> None:
    """Migrate the database of this environment to head; leave with one line if something is in the way."""
    try:
        migrate(config.read_settings().database_url)
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)
    except OperationalError:
        sys.exit(f"{config.PREFIX}DATABASE_URL: the database it names cannot be reached, or does not let us in.")


if __name__ == "__main__":
    upgrade()
