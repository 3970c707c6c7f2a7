"""The routes, one file per resource. A route parses the request, calls crud, emits events and answers."""

from ..http.routing import APIRouter
from . import about
from . import admin
from . import auth
from . import consistency
from . import entries
from . import health
from . import metrics
from . import panels
from . import problems
from . import tokens
from . import users

router = APIRouter()
# A flat list, with the most frequent routes first, because FastAPI tries routes one after the other.
for resource in (panels, entries, consistency, users, tokens, auth, about, health, metrics, admin, problems):
    router.routes.extend(resource.router.routes)
