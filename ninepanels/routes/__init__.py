"""The routes, one file per resource: each parses, calls crud, emits and answers; no query, no commit."""

from fastapi import APIRouter

from . import about
from . import entries
from . import health
from . import metrics
from . import panels
from . import tokens
from . import users

router = APIRouter()
for resource in (about, tokens, users, panels, entries, metrics, health):
    router.include_router(resource.router)
