"""The application without TimingMiddleware: no timings, no statistics and no log line per request."""

from ninepanels.config import read_settings
from ninepanels.main import create_api
from ninepanels.middleware.timing import TimingMiddleware

api = create_api(read_settings())
api.user_middleware = [
    each
    for each in api.user_middleware
    if each.cls is not TimingMiddleware  # type: ignore[comparison-overlap]
]
