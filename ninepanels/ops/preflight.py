"""The release checklist of this environment: `python -m ninepanels.ops.preflight`.

`./mc.sh preflight` also checks the items that need development tools.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import exc

from .. import clock
from .. import config
from .. import environments
from .. import exceptions
from ..database import connected
from . import failures
from . import migrations
from .backups import files
from .backups.files import Kind

MAX_BACKUP_AGE = timedelta(hours=24)


def main() -> None:
    """Check every item and print one line for each; the exit code is 1 if one failed."""
    with failures.reported():
        results = [_check(item, require) for item, require in CHECKLIST.items()]
    sys.exit(not all(results))


def _check(item: str, require: Callable[[], object]) -> bool:
    try:
        require()
    except exceptions.NinePanelsBaseException as error:
        sys.stdout.write(f"FAILED  {item}: {error.detail}\n")
        return False
    sys.stdout.write(f"ok      {item}\n")
    return True


def _require_clean_tree() -> None:
    changes = environments.git("status", "--porcelain")
    if changes is None:
        raise exceptions.PreflightFailed("this is not a git checkout, so its release is unknown")
    if changes:
        raise exceptions.PreflightFailed("commit or remove the changes that `git status` lists")


def _require_current_schema() -> None:
    try:
        with connected(config.read_settings().database_url) as database, database.connection() as connection:
            migrations.require_current(connection)
            if not migrations.match_models(connection):
                raise exceptions.PreflightFailed("the models have changed: run ./mc.sh revision MESSAGE")
    except exceptions.DatabaseUnavailable as error:
        raise exceptions.PreflightFailed("the database is unavailable: check NINEPANELS_DATABASE_URL") from error
    except exc.DBAPIError as error:
        raise exceptions.PreflightFailed(failures.describe(error)) from error


def _require_recent_backup(kind: Kind) -> None:
    settings = config.read_settings()
    # The names start with the time, so they can be compared as text.
    oldest = f"{clock.now() - MAX_BACKUP_AGE:{files.TIME_FORMAT}}"
    if not any(path.name >= oldest for path in files.complete(settings, kind)):
        raise exceptions.PreflightFailed(
            f"{settings.backup_dir} has no recent {kind} backup of {settings.env} with a checksum:"
            f" run ./mc.sh backup {kind}"
        )


CHECKLIST: dict[str, Callable[[], object]] = {
    "there are no uncommitted changes": _require_clean_tree,
    "the settings are valid": config.read_settings,
    "the database schema matches this release": _require_current_schema,
    "there is a full backup of the last 24 hours": partial(_require_recent_backup, Kind.FULL),
    "there is a data-only backup of the last 24 hours": partial(_require_recent_backup, Kind.DATA),
}


if __name__ == "__main__":
    main()
