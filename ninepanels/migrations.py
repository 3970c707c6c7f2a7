"""Brings the database's schema up to this release: `python -m ninepanels.migrations`."""

import sys

from alembic import command
from sqlalchemy.exc import OperationalError

from . import config
from . import crud
from . import exceptions


def upgrade() -> config.Settings:
    """Migrate the database of this environment to head; leave with one line if something is in the way.

    Returns:
        The settings of this environment.
    """
    try:
        settings = config.read_settings()
        alembic = crud.schema.alembic_config()
        alembic.attributes["database_url"] = settings.database_url
        command.upgrade(alembic, "head")
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)
    except OperationalError:
        sys.exit(f"{config.PREFIX}DATABASE_URL: the database it names cannot be reached, or does not let us in.")
    return settings


if __name__ == "__main__":
    upgrade()
