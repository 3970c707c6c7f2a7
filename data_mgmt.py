"""Manages the data of one environment: `./mc.sh data`."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Annotated
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ninepanels import clock
from ninepanels import config
from ninepanels import crud
from ninepanels import exceptions
from ninepanels.accounts import passwords
from ninepanels.crud.demo import Person
from ninepanels.database import Database
from ninepanels.database import connected
from ninepanels.ops import demo
from ninepanels.ops import failures
from ninepanels.ops import migrations
from ninepanels.ops import safeguards
from ninepanels.ops.backups import writing

BATCH_SIZE = 10
"""The number of demo users written in one transaction."""

MAX_LOGINS_SHOWN = 10
MAX_ROWS_SHOWN = 3
MAX_CELL_LENGTH = 60
PIPE_WIDTH = 1_000
"""The table width if the output is not a terminal, so that lines are neither wrapped nor truncated."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

Yes = Annotated[bool, typer.Option("--yes", help="Confirm without a prompt.")]


@app.callback()
def about() -> None:
    """Manage the data of this environment."""


@app.command()
def create(
    users: Annotated[int, typer.Option(min=1, help="The number of users.")] = 10,
    days: Annotated[int, typer.Option(min=1, max=3_660, help="The length of the longest history.")] = 365,
    seed: Annotated[int, typer.Option(min=0, max=2**32, help="The seed of the random generator.")] = 9,
    yes: Yes = False,
) -> None:
    """Add demo users with panels and history. Existing users are not changed."""
    settings = config.read_settings()
    safeguards.require(safeguards.Action.CREATE, settings, confirmed=yes)
    people = demo.generate_people(seed, users, days, clock.now())
    hashed_password = passwords.context.hash(demo.PASSWORD)
    first: list[Person] = []
    added = 0
    if migrated_to := migrations.upgrade(settings):
        typer.echo(migrated_to)
    with migrated(settings.database_url) as database, progress_bar() as progress:
        task = progress.add_task("Generating users", total=users)
        while batch := list(islice(people, BATCH_SIZE)):
            with database.transaction() as work:
                added += crud.demo.add_all(work, batch, hashed_password)
            first += batch[: MAX_LOGINS_SHOWN - len(first)]
            progress.advance(task, len(batch))
    show(["e-mail", "name", "time zone"], [[person.email, person.name, person.timezone] for person in first])
    if users > len(first):
        typer.echo(f"... and {users - len(first):,} more.")
    typer.echo(f"{added:,} added, {users - added:,} existed already. The password of all of them: {demo.PASSWORD}")


@app.command()
def read() -> None:
    """Show the row count and the newest rows of each table. Secrets are masked."""
    tables = crud.tables.all_tables()
    with migrated(config.read_settings().database_url) as database, database.connection() as connection:
        show(["table", "rows"], [[table.name, f"{crud.tables.count(connection, table):,}"] for table in tables])
        for table in tables:
            if rows := crud.tables.read_newest(connection, table, MAX_ROWS_SHOWN):
                # One column per row: most terminals are too narrow for one line per row.
                show([table.name, "newest", *[""] * (len(rows) - 1)], zip(table.columns.keys(), *rows, strict=True))


@app.command()
def schema() -> None:
    """Show the tables and columns of the database."""
    with connected(config.read_settings().database_url) as database, database.connection() as connection:
        revision = crud.schema.read_revision(connection)
        for name, columns in crud.schema.read_tables(connection).items():
            rows = [
                [column.name, column.type, "" if column.nullable else "not null", ", ".join(column.keys)]
                for column in columns
            ]
            show([name, "type", "", "keys"], rows)
    typer.echo(f"The database has revision {revision or 'none'}; this release has {crud.schema.REVISION}.")


@app.command()
def promote(email: str) -> None:
    """Make the user with this e-mail an admin."""
    with migrated(config.read_settings().database_url) as database, database.transaction() as work:
        user = crud.users.read_by_email(work, email)
        if user is None:
            raise exceptions.NotFound(f"There is no user with the e-mail {email}.")
        crud.users.set_admin(work, user.id, is_admin=True)
    typer.echo(f"{user.email} is now an admin.")


@app.command()
def clear(yes: Yes = False) -> None:
    """Drop all tables and their rows."""
    settings = config.read_settings()

    def has_rows() -> bool:
        with connected(settings.database_url) as database, database.connection() as connection:
            return any(crud.schema.count_rows(connection).values())

    safeguards.require(
        safeguards.Action.CLEAR,
        settings,
        confirmed=yes,
        has_rows=has_rows,
        back_up=lambda: writing.write_before_change(settings),
    )
    with connected(settings.database_url) as database, database.transaction() as work:
        crud.schema.drop_all(work)
    typer.echo(f"The database of {settings.env} is now empty. './mc.sh migrate' creates the tables again.")


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


def main() -> None:
    """Run the command; on an error, exit with one line."""
    with failures.reported():
        app(prog_name="./mc.sh data")


if __name__ == "__main__":
    main()
