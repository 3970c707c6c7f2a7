"""Measures how long a migration blocks taps, on both databases with 3.3 million entries.

    .venv/bin/python -m bench.migration [--from REVISION] [--users N]

Fills a database of an earlier revision, then migrates it to head in another process, as at an upgrade, while a client
taps without a pause. A tap that times out is repeated; its wait is the time from its first attempt to its success.
"""

import argparse
import subprocess
import sys
import time

from sqlalchemy import exc
from sqlalchemy import text

from ninepanels.database import AUTOCOMMIT
from ninepanels.database import POSTGRESQL_SERVING
from ninepanels.database import make_engine
from tests.support import servers
from tests.support.postgres import PostgresServer

from . import fill
from . import stage

BEFORE_FIRST_DAYS = "b8d4e6f10a93"
TAPS_BEFORE = 500

# As in `crud.entries`, with only the columns that all revisions have.
TAP = """
INSERT INTO entries (user_id, panel_id, day, is_complete, timestamp)
SELECT panels.user_id, panels.id, CURRENT_DATE, true, CURRENT_TIMESTAMP
FROM panels JOIN users ON users.id = panels.user_id WHERE panels.id = 1 {lock}
ON CONFLICT (user_id, panel_id, day) DO UPDATE SET is_complete = excluded.is_complete, timestamp = excluded.timestamp
"""


def measure(url: str, users: int, revision: str) -> tuple[float, float, float]:
    """Return the seconds of the migration, and of the longest tap before and during it."""
    fill.fill(url, users, revision)
    engine = make_engine(url, POSTGRESQL_SERVING, isolation_level=AUTOCOMMIT)
    statement = text(TAP.format(lock="FOR KEY SHARE OF panels" if engine.dialect.name == "postgresql" else ""))
    with engine.connect() as connection:

        def tap() -> float:
            started = time.perf_counter()
            while True:
                try:
                    connection.execute(statement)
                except exc.OperationalError:
                    continue
                return time.perf_counter() - started

        before = max(tap() for _ in range(TAPS_BEFORE))
        started = time.perf_counter()
        migration = subprocess.Popen([sys.executable, "-m", "ninepanels", "migrate"], env=servers.environment(url))
        longest = 0.0
        while migration.poll() is None:
            longest = max(longest, tap())
        duration = time.perf_counter() - started
        if migration.returncode:
            sys.exit("The migration failed.")
    engine.dispose()
    return duration, before, longest


def main() -> None:
    """Measure both databases and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="revision", default=BEFORE_FIRST_DAYS, help="default: %(default)s")
    parser.add_argument("--users", type=int, default=1_000, help="each has 3,285 entries; default: %(default)s")
    arguments = parser.parse_args()
    sys.stdout.write("seconds       migration  longest tap before  longest tap during\n")
    with stage.folder() as folder, PostgresServer.temporary(options="") as postgres:
        urls = {"PostgreSQL": postgres.create_database("migration"), "SQLite": f"sqlite:///{folder}/migration.db"}
        for name, url in urls.items():
            duration, before, longest = measure(url, arguments.users, arguments.revision)
            sys.stdout.write(f"{name:<12}{duration:>11.2f}{before:>20.3f}{longest:>20.3f}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
