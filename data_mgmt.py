"""Looks after the data of one environment: `./mc.sh data`."""

import sys
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
from ninepanels.config import Settings
from ninepanels.crud.demo import Person
from ninepanels.database import database
from ninepanels.ops import demo
from ninepanels.ops import safeguards

BATCH = 10
"""How many demo users are written in a transaction."""

LOGINS_SHOWN = 10
ROWS_SHOWN = 3
LONGEST_CELL = 60
PIPE_WIDTH = 1_000
"""No line is broken or cut for what reads a pipe."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

Yes = Annotated[bool, typer.Option("--yes", help="Confirm it, where that is asked for.")]


@app.callback()
def about() -> None:
    """Look after the data of this environment."""


@app.command()
def create(
    users: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    days: Annotated[int, typer.Option(min=1, max=3_660, help="How long the longest history is.")] = 365,
    seed: Annotated[int, typer.Option(min=0, max=2**32, help="Another one makes other people.")] = 9,
    yes: Yes = False,
) -> None:
    """Add demo users with panels and history; those who are there already stay as they are."""
    settings = config.read_settings()
    safeguards.require(safeguards.Action.CREATE, settings, confirmed=yes)
    people = demo.people(seed, users, days, clock.now())
    hashed_password = passwords.context.hash(demo.PASSWORD)
    first: list[Person] = []
    added = 0
    with ready(settings), progress_bar() as progress:
        task = progress.add_task("Imagining people", total=users)
        while batch := list(islice(people, BATCH)):
            with database.transaction() as work:
                added += crud.demo.add_all(work, batch, hashed_password)
            first += batch[: LOGINS_SHOWN - len(first)]
            progress.advance(task, len(batch))
    show(["e-mail", "name", "time zone"], [[person.email, person.name, person.timezone] for person in first])
    if users > len(first):
        typer.echo(f"... and {users - len(first):,} more.")
    typer.echo(f"{added:,} added, {users - added:,} there already. The password of each: {demo.PASSWORD}")


@app.command()
def read() -> None:
    """Show how many rows each table has, and the newest ones; what is secret is masked."""
    tables = crud.tables.all_tables()
    with ready(config.read_settings()), database.connection() as connection:
        show(["table", "rows"], [[table.name, f"{crud.tables.count(connection, table):,}"] for table in tables])
        for table in tables:
            if rows := crud.tables.read_newest(connection, table, ROWS_SHOWN):
                # A row each would be wider than most terminals.
                show([table.name, "newest", *[""] * (len(rows) - 1)], zip(table.columns.keys(), *rows, strict=True))


@app.command()
def schema() -> None:
    """Show the tables and columns that the database has."""
    with connected(config.read_settings()), database.connection() as connection:
        revision = crud.schema.read_revision(connection)
        for name, columns in crud.schema.read_tables(connection).items():
            rows = [
                [column.name, column.type, "" if column.nullable else "not null", ", ".join(column.keys)]
                for column in columns
            ]
            show([name, "type", "", "keys"], rows)
    typer.echo(f"Its revision is {revision or 'none'}, that of this release {crud.schema.REVISION}.")


@app.command()
def promote(email: str) -> None:
    """Make the user with this e-mail an admin."""
    with ready(config.read_settings()), database.transaction() as work:
        user = crud.users.read_by_email(work, email)
        if user is None:
            raise exceptions.NotFound(f"There is no user with the e-mail {email}.")
        crud.users.set_admin(work, user.id, is_admin=True)
    typer.echo(f"{user.email} is an admin now.")


@app.command()
def clear(yes: Yes = False) -> None:
    """Drop every table and every row."""
    settings = config.read_settings()
    safeguards.require(safeguards.Action.CLEAR, settings, confirmed=yes)
    with connected(settings), database.transaction() as work:
        crud.schema.drop_all(work)
    typer.echo(f"The database of {settings.env} is empty now. './mc.sh migrate' makes its tables anew.")


@contextmanager
def connected(settings: Settings) -> Iterator[None]:
    """Connect the database of these settings for the time of the block."""
    database.connect(settings.database_url, pool_size=1)
    try:
        yield
    finally:
        # SQLite puts what is in its -wal file into the database's own when the last connection is closed.
        database.disconnect()


@contextmanager
def ready(settings: Settings) -> Iterator[None]:
    """Connect a database that has the schema of this release.

    Raises:
        NotReady: it has another, or none.
    """
    with connected(settings):
        with database.connection() as connection:
            if crud.schema.read_revision(connection) != crud.schema.REVISION:
                raise exceptions.NotReady("The database's schema is not the one of this release: ./mc.sh migrate")
        yield


def progress_bar() -> Progress:
    """Return what shows how far it is, on stderr and if that is a terminal."""
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal)


def show(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; a cell that is long is cut short."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    table = Table(*columns, box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(cell, row))
    console.print(table)


def cell(value: object) -> str:
    """Return a value as text that fits into a line and does nothing to a terminal: people chose some of it."""
    text = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str("" if value is None else value)
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 3]}..."


def main() -> None:
    """Run the command, or say in one line what is in the way."""
    try:
        app(prog_name="./mc.sh data")
    except exceptions.DatabaseUnavailable:
        sys.exit(f"{config.PREFIX}DATABASE_URL: the database it names cannot be reached, or has no time for us.")
    except exceptions.NinePanelsBaseException as error:
        sys.exit(error.detail)


if __name__ == "__main__":
    main()
