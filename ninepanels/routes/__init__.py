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
for resource in (about, tokens, auth, users, panels, entries, metrics, admin, health, instruments):
    router.include_router(resource.router)
