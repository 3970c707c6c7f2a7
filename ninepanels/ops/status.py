"""The status shown above the menu of mission control: `python -m ninepanels.ops.status URL`."""

import sys

from .. import config
from .. import environments
from .. import exceptions
from . import failures
from . import masking
from . import ping

TIMEOUT_S = 1


def main(url: str) -> None:
    """Print the environment, the database, and whether a service is ready at `url`."""
    settings = config.read_settings()
    try:
        ping.measure(url, TIMEOUT_S)
        service = f"{url} is ready"
    except exceptions.NotReady as error:
        service = error.detail
    branch = f"the branch {name}" if (name := environments.branch()) else "no branch"
    lines = {
        "environment": f"{settings.env}, on {branch}",
        "database": masking.mask(settings.database_url),
        "service": service,
    }
    sys.stdout.writelines(f"  {name:<11}  {value}\n" for name, value in lines.items())


if __name__ == "__main__":
    with failures.reported():
        main(sys.argv[1])
