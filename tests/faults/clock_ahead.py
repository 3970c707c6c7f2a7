"""The service with a clock that is an hour ahead until it is set right: `python -m tests.faults.clock_ahead`."""

import os
import sys
from datetime import datetime
from datetime import timedelta
from pathlib import Path

from ninepanels import clock
from ninepanels import serve

AHEAD = timedelta(hours=1)
VARIABLE = "CLOCK_IS_RIGHT_FILE"
"""The environment variable that names a file. As soon as the file exists, the clock is right."""

if __name__ == "__main__":
    right = clock.now
    file = Path(os.environ[VARIABLE])

    def now() -> datetime:
        return right() if file.exists() else right() + AHEAD

    clock.now = now
    serve.main(sys.argv[1:])
