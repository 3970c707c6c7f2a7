"""Fills a database with users who have nine panels each, with an entry for each day of a year.

The rows are generated in SQL, because there are up to 3.3 million. They are inserted day by day, as in production, so
that the entries of a panel are scattered over the table.
"""

from sqlalchemy import NullPool
from sqlalchemy import inspect
from sqlalchemy import make_url
from sqlalchemy import text

from ninepanels.accounts import passwords
from ninepanels.database import make_engine
from ninepanels.ops.migrations import migrate

PASSWORD = "correct horse"
PANELS = 9
DAYS = 365

_SERIES = {
    "postgresql": "generate_series({first}, {last}) AS {name}(n)",
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)"
    " AS {name}",
}
_DAY = {"postgresql": "CURRENT_DATE - d.n", "sqlite": "date('now', '-' || d.n || ' days')"}
_TODAY = {"postgresql": "CURRENT_DATE", "sqlite": "date('now')"}
_NOW = {"postgresql": "now()", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}


def email(number: int) -> str:
    """Return the e-mail of a user. Users are numbered from 1; the number is also the id."""
    return f"user{number}@example.com"


def fill(url: str, users: int, revision: str = "head") -> None:
    """Migrate an empty database to a revision and insert users, each with 9 panels and 365 entries per panel."""
    migrate(url, revision)
    kind = make_url(url).get_backend_name()

    def series(name: str, first: int, last: int) -> str:
        return _SERIES[kind].format(name=name, first=first, last=last)

    now, day = _NOW[kind], _DAY[kind]
    engine = make_engine(url, poolclass=NullPool)
    has_first_day = "first_day" in {column["name"] for column in inspect(engine).get_columns("panels")}
    first_day_column, first_day = (", first_day", f", {_TODAY[kind]}") if has_first_day else ("", "")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO users (email, name, hashed_password, is_admin, timezone, day_starts_at, created_at)"
                f" SELECT 'user' || u.n || '@example.com', 'Ada', :hashed, false, 'UTC', 0, {now}"
                f" FROM {series('u', 1, users)} ORDER BY u.n"
            ),
            {"hashed": passwords.context.hash(PASSWORD)},
        )
        connection.execute(
            text(
                f"INSERT INTO panels (user_id, title, description, position, created_at{first_day_column})"
                f" SELECT u.id, 'One thing to do each day', 'And why', p.n, {now}{first_day}"
                f" FROM users u CROSS JOIN {series('p', 0, PANELS - 1)} ORDER BY u.id, p.n"
            )
        )
        connection.execute(
            text(
                "INSERT INTO entries (user_id, panel_id, day, is_complete, timestamp)"
                f" SELECT p.user_id, p.id, {day}, (p.id + d.n) % 3 > 0, {now}"
                f" FROM {series('d', 0, DAYS - 1)} CROSS JOIN panels p ORDER BY d.n DESC, p.id"
            )
        )
    if kind == "postgresql":
        # In production, autovacuum has done this.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
