"""The routes, one file per resource. A route parses the request, calls crud, emits events and answers."""

from ..http.routing import APIRouter
from . import about
from . import admin
from . import auth
from . import changes
from . import consistency
from . import entries
from . import health
from . import history
from . import insights
from . import metrics
from . import panels
from . import security_txt
from . import sessions
from . import taps
from . import tokens
from . import totp
from . import users

TAGS = [
    {
        "name": "panels",
        "description": "What to do each day. A user has nine panels at most, in an order of their own.",
    },
    {
        "name": "entries",
        "description": "Taps: one per panel and day. A day begins and ends in the user's time zone.",
    },
    {
        "name": "sync",
        "description": "For clients that work offline, and for several devices: many taps at once, what has changed, "
        "and the histories of all panels.",
    },
    {"name": "consistency", "description": "On what share of the days panels are done, and on how many in a row."},
    {"name": "users", "description": "Your own account: sign up, read, change, delete."},
    {"name": "auth", "description": "Log in and out, change and reset the password."},
    {"name": "service", "description": "The running release, and what monitoring needs to know."},
    {"name": "admin", "description": "For admins: users, and the response times of routes."},
]
"""The groups of operations in the schema, in the order of the documentation pages."""

router = APIRouter()
# A flat list, with the most frequent routes first, because FastAPI tries routes one after the other.
for resource in (
    *(panels, entries, consistency, insights, changes, history, taps),
    *(users, tokens, auth, sessions, totp, about, health, metrics, security_txt, admin),
):
    router.routes.extend(resource.router.routes)
