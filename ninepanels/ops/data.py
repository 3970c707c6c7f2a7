"""Reads and changes the data of one environment: `./mc.sh data`."""

import argparse
import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from .. import clock
from .. import config
from .. import crud
from .. import environments
from .. import exceptions
from .. import pydmodels as pyd
from ..accounts import passwords
from ..crud.demo import Person
from ..database import Database
from ..database import connected
from ..pydmodels import emails
from . import demo
from . import failures
from . import migrations
from . import safeguards
from .arguments import Parser
from .arguments import number
from .arguments import parser_of
from .backups import writing

BATCH_SIZE = 10
"""The number of demo users written in one transaction."""

MAX_DAYS = 3_660
MAX_SEED = 2**32
MAX_LOGINS_SHOWN = 10
MAX_ROWS_SHOWN = 3
MAX_CELL_LENGTH = 60
PIPE_WIDTH = 1_000
"""The table width if the output is not a terminal, so that lines are neither wrapped nor truncated."""


def main(arguments: Sequence[str]) -> None:
    """Run a command; on an error, exit with one line."""
    given = _parse(arguments)
    with failures.reported():
        given.command(given)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = parser_of("data", "Read the data of this environment, or change it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(command: Callable[[argparse.Namespace], None]) -> Parser:
        about = command.__doc__
        added = commands.add_parser(
            command.__name__.replace("_", "-"), help=about, description=about, allow_abbrev=False
        )
        added.set_defaults(command=command)
        return added

    add(read)
    add(schema)
    promoting = add(promote)
    promoting.add_argument("email", metavar="EMAIL", help="the user's e-mail address")
    removing = add(disable_totp)
    removing.add_argument("email", metavar="EMAIL", help="the user's e-mail address")
    creating = add(create)
    creating.add_argument("--users", type=number(1), default=10, metavar="N", help="the number of users")
    creating.add_argument(
        "--days", type=number(1, MAX_DAYS), default=365, metavar="N", help="the length of the longest history"
    )
    creating.add_argument(
        "--seed", type=number(0, MAX_SEED), default=9, metavar="N", help="the seed of the random generator"
    )
    clearing = add(clear)
    for deleting in (creating, clearing):
        deleting.add_argument("--yes", action="store_true", help="confirm without a prompt")
    return parser.parse_args(arguments)


def create(given: argparse.Namespace) -> None:
    """Add demo users with panels and history. Existing users are not changed."""
    settings = config.read_settings()
    safeguards.require(safeguards.Action.CREATE, settings, confirmed=given.yes)
    people = demo.generate_people(given.seed, given.users, given.days, clock.now())
    hashed_password = passwords.context.hash(demo.PASSWORD)
    first: list[Person] = []
    added = 0
    if migrated_to := migrations.upgrade(settings):
        write_line(migrated_to)
    with migrated(settings.database_url) as database, progress_bar() as progress:
        task = progress.add_task("Generating users", total=given.users)
        while batch := list(islice(people, BATCH_SIZE)):
            with database.transaction() as work:
                added += crud.demo.add_all(work, batch, hashed_password)
            first += batch[: MAX_LOGINS_SHOWN - len(first)]
            progress.advance(task, len(batch))
    show(["e-mail", "name", "time zone"], [[person.email, person.name, person.timezone] for person in first])
    if given.users > len(first):
        write_line(f"... and {given.users - len(first):,} more.")
    write_line(
        f"{added:,} added, {given.users - added:,} existed already. The password of all of them: {demo.PASSWORD}"
    )


def read(_given: argparse.Namespace) -> None:
    """Show the row count and the newest rows of each table. Secrets are masked."""
    tables = crud.tables.all_tables()
    with migrated(config.read_settings().database_url) as database, database.connection() as connection:
        show(["table", "rows"], [[table.name, f"{crud.tables.count(connection, table):,}"] for table in tables])
        for table in tables:
            if rows := crud.tables.read_newest(connection, table, MAX_ROWS_SHOWN):
                # One column per row: most terminals are too narrow for one line per row.
                show([table.name, "newest", *[""] * (len(rows) - 1)], zip(table.columns.keys(), *rows, strict=True))


def schema(_given: argparse.Namespace) -> None:
    """Show the tables and columns of the database."""
    with connected(config.read_settings().database_url) as database, database.connection() as connection:
        revision = crud.schema.read_revision(connection)
        for name, columns in crud.schema.read_tables(connection).items():
            rows = [
                [column.name, column.type, "" if column.nullable else "not null", ", ".join(column.keys)]
                for column in columns
            ]
            show([name, "type", "", "keys"], rows)
    write_line(f"The database has revision {revision or 'none'}; this release has {crud.schema.REVISION}.")


def promote(given: argparse.Namespace) -> None:
    """Make the user with this e-mail an admin."""
    with migrated(config.read_settings().database_url) as database, database.transaction() as work:
        user = crud.users.read_by_email(work, given.email)
        if user is None:
            raise exceptions.NotFound(f"There is no user with the e-mail {given.email}.")
        if not user.is_email_verified:
            raise exceptions.OperationRefused(
                f"{user.email} is not verified: open the link in its mail first. Anyone can sign up with it."
            )
        crud.users.set_admin(work, user.id, is_admin=True)
        crud.audit.add(work, pyd.AuditAction.ADMIN_GRANTED, actor_id=None, target_id=user.id, address=None)
    write_line(f"{user.email} is now an admin.")


def disable_totp(given: argparse.Namespace) -> None:
    """Switch off the second factor of the user with this e-mail, who has lost it."""
    with migrated(config.read_settings().database_url) as database, database.transaction() as work:
        user = crud.users.read_by_email_for_update(work, emails.recognize(given.email))
        if user is None:
            raise exceptions.NotFound(f"There is no user with the e-mail {given.email}.")
        factor = crud.second_factors.read(work, user.id)
        if factor is None or not factor.is_confirmed:
            raise exceptions.NotFound(f"{user.email} has no second factor.")
        crud.second_factors.delete(work, factor)
        crud.outbox.notify(work, pyd.MailKind.SECOND_FACTOR_OFF, user)
        crud.audit.add(work, pyd.AuditAction.SECOND_FACTOR_OFF, actor_id=None, target_id=user.id, address=None)
    write_line(f"{user.email} now logs in with the password alone.")


def clear(given: argparse.Namespace) -> None:
    """Drop all tables and their rows."""
    settings = config.read_settings()

    def has_rows() -> bool:
        with connected(settings.database_url) as database, database.connection() as connection:
            return any(crud.schema.count_rows(connection).values())

    back_up = partial(writing.write_before_change, settings)
    safeguards.require(safeguards.Action.CLEAR, settings, confirmed=given.yes, has_rows=has_rows, back_up=back_up)
    with connected(settings.database_url) as database, database.transaction() as work:
        crud.schema.drop_all(work)
    again = f"'{environments.COMMAND} migrate' creates the tables again."
    write_line(f"The database of {settings.env} is now empty. {again}")


@contextmanager
def migrated(database_url: str) -> Iterator[Database]:
    """Connect to a database that has the schema of this release.

    Raises:
        NotReady: the database has a different schema, or none.
    """
    with connected(database_url) as database:
        with database.connection() as connection:
            migrations.require_current(connection)
        yield database


def progress_bar() -> Progress:
    """Return a progress bar on stderr; it is disabled unless stderr is a terminal."""
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal)


def write_line(text: str) -> None:
    """Write a line to stdout."""
    sys.stdout.write(f"{text}\n")


def show(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; long cells are truncated."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    table = Table(*columns, box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(cell, row))
    console.print(table)


def cell(value: object) -> str:
    """Return a value as a short single line. Users chose some values, so terminal control characters are escaped."""
    text = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str("" if value is None else value)
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return text if len(text) <= MAX_CELL_LENGTH else f"{text[: MAX_CELL_LENGTH - 3]}..."
