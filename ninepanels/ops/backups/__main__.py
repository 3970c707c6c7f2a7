"""`python -m ninepanels.ops.backups`: writes a dump, lists the backups, or restores one."""

import argparse
import signal
import sys
from pathlib import Path

from ... import config
from ... import crud
from ... import exceptions
from ...config import Settings
from ...database import connected
from .. import failures
from .. import migrations
from . import files
from . import restoring
from .files import Kind


def write(settings: Settings, kind: Kind) -> None:
    """Write a dump to NAME.part and print NAME. `backup.sh` renames the file after it has written the checksum."""
    dumps = restoring.dump_format(settings.database_url)
    if not dumps.exists():
        raise exceptions.OperationRefused("There is no database yet, so there is nothing to back up.")
    with connected(settings.database_url) as database, database.connection() as connection:
        revision = crud.schema.read_revision(connection)
        if revision is None:
            raise exceptions.OperationRefused("The database has no schema yet, so there is nothing to back up.")
        if kind is Kind.DATA:
            migrations.require_current(connection)
        path = files.reserve(settings, kind, database.dialect)
    try:
        dumps.write(kind, files.part_of(path))
    except BaseException:
        files.discard(path)
        raise
    sys.stdout.write(f"{path}\n")


def show(settings: Settings, kind: Kind) -> None:
    """List the complete backups, newest first."""
    sys.stdout.writelines(f"{path}\n" for path in files.complete(settings, kind))


def restore(settings: Settings, file: Path, *, confirmed: bool) -> None:
    """Restore a dump and print the row counts before and after."""
    before, after = restoring.restore(settings, file.absolute(), confirmed=confirmed)
    sys.stdout.write(f"{'table':<30}{'before':>12}{'after':>12}\n")
    for table in sorted(before | after):
        sys.stdout.write(f"{table:<30}{before.get(table, 0):>12}{after.get(table, 0):>12}\n")


def main() -> None:
    """Run the command; on an error, exit with one line."""
    parser = argparse.ArgumentParser(prog="backup.sh")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("write", "list"):
        verbs.add_parser(verb).add_argument("kind", type=Kind, choices=list(Kind))
    restore_parser = verbs.add_parser("restore")
    restore_parser.add_argument("file", type=Path)
    restore_parser.add_argument("--yes", action="store_true", help="confirm without a prompt")
    arguments = parser.parse_args()
    # SIGTERM cleans up in the same way as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with failures.reported():
        settings = config.read_settings()
        if arguments.verb == "write":
            write(settings, arguments.kind)
        elif arguments.verb == "list":
            show(settings, arguments.kind)
        else:
            restore(settings, arguments.file, confirmed=arguments.yes)


if __name__ == "__main__":
    main()
