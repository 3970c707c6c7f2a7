"""Looks after the data of one environment: `./mc.sh data`."""

import sys

import typer

from ninepanels import config
from ninepanels import crud
from ninepanels import exceptions
from ninepanels.database import database

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def connect() -> None:
    """Look after the data of this environment."""
    settings = config.read_settings()
    database.connect(settings.database_url, pool_size=1)
    with database.reading() as session:
        if crud.schema.read_revision(session) != crud.schema.head():
            raise exceptions.NotReady("The database's schema is not the one of this release: ./mc.sh migrate")


@app.command()
def promote(email: str) -> None:
    """Make the user with this e-mail an admin."""
    with database.writing() as work:
        user = crud.users.read_by_email(work, email)
        if user is None:
            raise exceptions.NotFound(f"There is no user with the e-mail {email}.")
        crud.users.set_admin(work, user.id, is_admin=True)
    typer.echo(f"{user.email} is an admin now.")


def main() -> None:
    """Run the command, or say in one line what is in the way."""
    try:
        app(prog_name="./mc.sh data")
    except exceptions.NinePanelsBaseException as error:
        sys.exit(error.detail)


if __name__ == "__main__":
    main()
