"""Database migrations: `python -m ninepanels.ops.migrations` upgrades the schema to this release."""

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
    """Return the Alembic configuration of this project."""
    return Config(environments.ROOT / "alembic.ini")


def revisions() -> frozenset[str]:
    """Return all schema revisions that this release contains."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions())


def match_models(connection: Connection) -> bool:
    """Return whether the tables of a database match the models."""
    return not compare_metadata(MigrationContext.configure(connection), sql.Base.metadata)


def migrate(database_url: str, revision: str = "head") -> None:
    """Upgrade the schema of a database to a revision."""
    alembic = alembic_config()
    alembic.attributes["database_url"] = database_url
    command.upgrade(alembic, revision)


def upgrade() -> None:
    """Upgrade the database of this environment to head; on an error, exit with one line."""
    try:
        migrate(config.read_settings().database_url)
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)
    except OperationalError:
        sys.exit(f"{config.PREFIX}DATABASE_URL: the database cannot be reached or refuses the login.")


if __name__ == "__main__":
    upgrade()
