"""`python -m ninepanels.ops.backups`: writes a backup, or restores one."""

import argparse
import re
import signal
import sys
from pathlib import Path
from typing import NoReturn

from ... import config
from ...config import Settings
from .. import failures
from . import files
from . import restoring
from . import writing
from .files import Kind


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.exit(f"{self.prog}: {message}")


def write(settings: Settings, kind: Kind, keep: int | None) -> None:
    """Write a backup and print its path; delete all but the newest ones if their number is given."""
    path = writing.write(settings, kind)
    if keep is not None:
        writing.keep_newest(settings, kind, keep)
    sys.stdout.write(f"{path}\n")


def restore(settings: Settings, file: Path, *, confirmed: bool, is_trusted: bool) -> None:
    """Restore a backup and print the row counts before and after."""
    before, after = restoring.restore(settings, file.absolute(), confirmed=confirmed, is_trusted=is_trusted)
    sys.stdout.write(f"{'table':<30}{'before':>12}{'after':>12}\n")
    for table in sorted(before | after):
        sys.stdout.write(f"{table:<30}{before.get(table, 0):>12}{after.get(table, 0):>12}\n")


def main() -> None:
    """Run the command; on an error, exit with one line."""
    parser = _Parser(prog="backup.sh")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="full|data|restore")
    for kind in Kind:
        verbs.add_parser(kind).add_argument("--keep", type=_number, help="delete all but the newest backups")
    restore_parser = verbs.add_parser("restore")
    restore_parser.add_argument("file", type=Path)
    restore_parser.add_argument("--yes", action="store_true", help="confirm without a prompt")
    restore_parser.add_argument(files.TRUST, action="store_true", dest="is_trusted", help="accept any signature")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup ignores SIGHUP.
        if signal.getsignal(number) is not signal.SIG_IGN:
            # Clean up in the same way as after Ctrl-C.
            signal.signal(number, signal.default_int_handler)
    with failures.reported():
        settings = config.read_settings()
        if arguments.verb == "restore":
            restore(settings, arguments.file, confirmed=arguments.yes, is_trusted=arguments.is_trusted)
        else:
            write(settings, Kind(arguments.verb), arguments.keep)


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII):
        raise argparse.ArgumentTypeError("must be a number, 1 or more")
    return int(text)


if __name__ == "__main__":
    main()
