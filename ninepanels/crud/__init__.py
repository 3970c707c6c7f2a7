"""All queries of the project, one module per resource. Functions flush but never commit, and do not depend on HTTP."""

from . import audit as audit
from . import changes as changes
from . import consistency as consistency
from . import databases as databases
from . import demo as demo
from . import dumps as dumps
from . import entries as entries
from . import history as history
from . import idempotency as idempotency
from . import insights as insights
from . import outbox as outbox
from . import panels as panels
from . import password_resets as password_resets
from . import route_stats as route_stats
from . import schema as schema
from . import second_factors as second_factors
from . import sessions as sessions
from . import tables as tables
from . import taps as taps
from . import timings as timings
from . import tokens as tokens
from . import users as users
from . import versions as versions
