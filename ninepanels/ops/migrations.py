"""Database migrations: `./mc.sh migrate` upgrades the schema to this release."""

import sys
from collections.abc import Sequence

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from .. import config
from .. import crud
from .. import environments
from .. import exceptions
from .. import sqlmodels as sql
from ..config import Settings
from ..database import connected
from . import failures
from . import release
from .arguments import parser_of

SCRIPTS = environments.ROOT / ("alembic" if environments.IS_CHECKOUT else "ninepanels/alembic")
"""The directory of the revisions. pyproject.toml puts it into the package when the wheel is built."""


def alembic_config() -> Config:
    """Return the Alembic configuration of this project, without what only drafts need."""
    alembic = Config()
    alembic.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return alembic


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


def require_current(connection: Connection) -> None:
    """Require that a database has the schema of this release.

    Raises:
        NotReady: it has the schema of another release, or none. `detail` says what to do.
    """
    revision = crud.schema.read_revision(connection)
    if revision == crud.schema.REVISION:
        return
    _require_known(connection, revision)
    raise exceptions.NotReady(f"The database schema does not match this release: run {environments.COMMAND} migrate")


def _require_known(connection: Connection, revision: str | None) -> None:
    if revision is None or revision in revisions():
        return
    own = release.about().version
    migrated_by = crud.schema.read_release(connection)
    needed = "the release that migrated it, or a newer one"
    if migrated_by > tuple(map(int, own.split("."))):
        needed = f"release {'.'.join(map(str, migrated_by))} or newer"
    raise exceptions.NotReady(
        f"The database has the schema revision {revision!r}, which this release, {own}, does not know:"
        f" it needs {needed}."
    )


def upgrade(settings: Settings) -> str | None:
    """Upgrade the database of an environment to this release. Return what was done, None if nothing was.

    Raises:
        NotReady: the database has the schema of a newer release.
    """
    with connected(settings.database_url) as database, database.connection() as connection:
        revision = crud.schema.read_revision(connection)
        _require_known(connection, revision)
    if revision == crud.schema.REVISION:
        return None
    migrate(settings.database_url)
    return f"The database of {settings.env} was migrated from revision {revision or 'none'} to {crud.schema.REVISION}."


def main(arguments: Sequence[str] = ()) -> None:
    """Upgrade the database of this environment and print what was done."""
    parser_of("migrate", "Upgrade the schema of the database to this release.").parse_args(arguments)
    with failures.reported():
        settings = config.read_settings()
        already = (
            f"The database of {settings.env} already has the revision {crud.schema.REVISION}; nothing was changed."
        )
        sys.stdout.write(f"{upgrade(settings) or already}\n")
