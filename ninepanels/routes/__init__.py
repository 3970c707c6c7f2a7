"""The routes, one file per resource. A route parses, calls crud, emits and answers; it builds no query."""

from ..http.routing import APIRouter
from . import about
from . import admin
from . import auth
from . import consistency
from . import entries
from . import health
from . import metrics
from . import panels
from . import tokens
from . import users

router = APIRouter()
# In one flat list, the most frequent first: FastAPI searches the routes of an included router one after the other.
for resource in (panels, entries, consistency, users, tokens, auth, about, health, metrics, admin):
    router.routes.extend(resource.router.routes)
