"""Brings the database's schema up to this release: `python -m ninepanels.migrations`."""

import sys

from alembic import command
from sqlalchemy.exc import OperationalError

from . import config
from . import crud
from . import exceptions


def migrate(database_url: str, revision: str = "head") -> None:
    """Bring the schema of a database up to a revision."""
    alembic = crud.schema.alembic_config()
    alembic.attributes["database_url"] = database_url
    command.upgrade(alembic, revision)


def upgrade() -> config.Settings:
    """Migrate the database of this environment to head; leave with one line if something is in the way.

    Returns:
        The settings of this environment.
    """
    try:
        settings = config.read_settings()
        migrate(settings.database_url)
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)
    except OperationalError:
        sys.exit(f"{config.PREFIX}DATABASE_URL: the database it names cannot be reached, or does not let us in.")
    return settings


if __name__ == "__main__":
    upgrade()
