"""Drafts a revision of the schema from the models: `python -m ninepanels.ops.revision MESSAGE`."""

import sys

from alembic import command
from alembic.config import Config

from .. import config
from .. import environments
from .. import exceptions
from ..database import connected
from . import failures
from . import migrations


def draft(message: str) -> None:
    """Migrate the database of this environment, and draft the revision that leads to the models.

    Raises:
        OperationRefused: the models have not changed.
    """
    settings = config.read_settings()
    migrations.upgrade(settings)
    with connected(settings.database_url) as database, database.connection() as connection:
        if migrations.match_models(connection):
            raise exceptions.OperationRefused(
                "The models have not changed, so there is nothing to draft. For a revision that changes only rows:"
                " .venv/bin/alembic revision --message MESSAGE"
            )
    command.revision(Config(environments.ROOT / "alembic.ini"), message, autogenerate=True)


if __name__ == "__main__":
    with failures.reported():
        draft(sys.argv[1])
