"""Pydantic models of what enters and leaves the service: requests, responses, events and log messages.

Imported as `pyd`. Tables are in `sqlmodels`; queries are in `crud`.
"""

from .envelopes import *
from .events import *
from .fields import *
from .insights import *
from .requests import *
from .responses import *
from .second_factor import *
from .sessions import *
from .settings import *
from .sync import *
