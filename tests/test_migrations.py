from alembic import command
from sqlalchemy import create_engine
from sqlalchemy import inspect

from ninepanels import crud
from ninepanels import sqlmodels as sql

from .conftest import migrate


def test_the_migrations_are_in_step_with_the_models(database_url: str) -> None:
    config = crud.schema.alembic_config()
    config.attributes["database_url"] = database_url
    command.check(config)


def test_migrating_again_changes_nothing(database_url: str) -> None:
    migrate(database_url)


def test_the_migrations_make_every_table(database_url: str) -> None:
    engine = create_engine(database_url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert set(tables) == {*sql.Base.metadata.tables, "alembic_version"}
