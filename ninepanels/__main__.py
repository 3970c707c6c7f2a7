"""Mission control of an installation: the command `ninepanels`. In a checkout, `mc.sh` runs the same verbs."""

import argparse
import importlib
import os
import signal
import sys
from typing import NamedTuple

from . import environments
from .ops.arguments import Parser


class Verb(NamedTuple):
    """A verb: the module whose `main` runs it, and what it does."""

    module: str
    about: str


VERBS = {
    "run": Verb("serve", "migrate the database, then serve"),
    "ping": Verb("ops.ping", "check that the service is up, and how fast it is"),
    "env": Verb("ops.settings", "show the settings in force, secrets masked"),
    "migrate": Verb("ops.migrations", "upgrade the schema of the database to this release"),
    "backup": Verb("ops.backups.writing", "dump the database, with a checksum"),
    "restore": Verb("ops.backups.restoring", "replace the database by a dump, after a backup"),
    "data": Verb("ops.data", "read the data, promote an admin, add demo users"),
}


def main() -> None:
    """Run a verb. Only its module is imported: serving needs no more memory than it has to."""
    given, arguments = _parse()
    if given.env is not None:
        os.environ["NINEPANELS_ENV"] = given.env
    try:
        importlib.import_module(f"ninepanels.{VERBS[given.verb].module}").main(arguments)
    except KeyboardInterrupt:
        # During the import. Each verb reports its own interruption.
        sys.exit(128 + signal.SIGINT)


def _parse() -> tuple[argparse.Namespace, list[str]]:
    """Return the verb and its arguments, which the verb parses."""
    about = f"Nine Panels. The settings and the data are in {environments.HOME}"
    parser = Parser(prog=environments.COMMAND, description=about, allow_abbrev=False)
    parser.add_argument("--env", metavar="NAME", help="MAIN (the default), STAGING, FEATURE or TEST")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", help="'VERB --help' explains its arguments")
    for name, verb in VERBS.items():
        verbs.add_parser(name, help=verb.about, add_help=False)
    given, arguments = parser.parse_known_args()
    if given.verb is None:
        parser.print_help()
        sys.exit()
    return given, arguments


if __name__ == "__main__":
    main()
