"""What the release checklist asks of this environment: `python -m ninepanels.ops.preflight`.

`./mc.sh preflight` has the developing tools ask the rest.
"""

import sys
from collections.abc import Callable
from datetime import timedelta

from .. import clock
from .. import config
from .. import crud
from .. import environments
from .. import exceptions
from ..database import database
from . import migrations
from .backups import files
from .backups.files import Kind

FRESH = timedelta(hours=24)


def main() -> None:
    """Look at every item, a line each; leave with 1 if one is not as it should be."""
    well = [_is_well(item, demand) for item, demand in CHECKLIST.items()]
    sys.exit(not all(well))


def _is_well(item: str, demand: Callable[[], object]) -> bool:
    try:
        demand()
    except exceptions.NinePanelsBaseException as error:
        sys.stdout.write(f"FAILED  {item}: {error.detail}\n")
        return False
    sys.stdout.write(f"ok      {item}\n")
    return True


def _demand_clean_tree() -> None:
    changes = environments.git("status", "--porcelain")
    if changes is None:
        raise exceptions.PreflightFailed("this is no git checkout, so nobody can tell which release it is")
    if changes:
        raise exceptions.PreflightFailed("commit or take away what `git status` shows")


def _demand_schema_in_step() -> None:
    database.connect(config.read_settings().database_url, pool_size=1)
    try:
        with database.connection() as connection:
            if crud.schema.read_revision(connection) != crud.schema.REVISION:
                raise exceptions.PreflightFailed("it is not the one of this release: ./mc.sh migrate")
            if not migrations.are_in_step(connection):
                raise exceptions.PreflightFailed("the models are ahead of the migrations: ./mc.sh revision MESSAGE")
    except exceptions.DatabaseUnavailable as error:
        raise exceptions.PreflightFailed("the database is away: NINEPANELS_DATABASE_URL says where it is") from error
    finally:
        database.disconnect()


def _demand_fresh_backup() -> None:
    settings = config.read_settings()
    # The names sort by the time they begin with.
    oldest = f"{clock.now() - FRESH:{files.TIME_FORMAT}}"
    if not any(path.name >= oldest for kind in Kind for path in files.complete(settings, kind)):
        raise exceptions.PreflightFailed(
            f"{settings.backup_dir} has none of {settings.env} with its checksum: ./mc.sh backup full"
        )


CHECKLIST: dict[str, Callable[[], object]] = {
    "nothing is uncommitted": _demand_clean_tree,
    "the settings of this environment can be read": config.read_settings,
    "the database's schema is in step with this release": _demand_schema_in_step,
    "there is a backup of the last 24 hours": _demand_fresh_backup,
}


if __name__ == "__main__":
    main()
