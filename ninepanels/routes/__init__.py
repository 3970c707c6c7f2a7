"""The routes, one file per resource: each parses, calls crud, emits and answers; no query, no commit."""

from fastapi import APIRouter

from . import about
from . import admin
from . import auth
from . import entries
from . import health
from . import instruments
from . import metrics
from . import panels
from . import tokens
from . import users

router = APIRouter()
# Side by side, what is asked for most first: FastAPI looks through a router within a router twice, from its beginning.
for resource in (panels, entries, metrics, users, tokens, auth, about, health, instruments, admin):
    router.routes.extend(resource.router.routes)
