"""What is counted and measured of this process, for Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client import REGISTRY
from prometheus_client import Counter
from prometheus_client import Gauge
from prometheus_client import Histogram
from prometheus_client import disable_created_metrics
from prometheus_client import generate_latest

from .. import event_types

# When a counter began to count is in nobody's way but the reader's.
disable_created_metrics()  # type: ignore[no-untyped-call]

requests = Histogram(
    "ninepanels_http_request_duration_seconds",
    "Time to answer a request, by the template of its route.",
    ["method", "path", "status"],
)
events_handled = Counter("ninepanels_events_handled", "Events that a handler is done with.", ["handler"])
events_failed = Counter("ninepanels_events_failed", "Events that a handler has given up.", ["handler"])
events_retried = Counter("ninepanels_events_retried", "Further attempts of a handler at an event.", ["handler"])
events_dropped = Counter(
    "ninepanels_events_dropped", "Timings that nobody had room for, or that could not be written.", ["type", "place"]
)
for place in ("queue", "handler"):
    # There from the start, so that the first one dropped is seen as a rise.
    events_dropped.labels(event_types.TIMING_CREATED, place)
tasks_restarted = Counter("ninepanels_tasks_restarted", "Background tasks that ended and were started again.", ["task"])

CONTENT_TYPE = CONTENT_TYPE_LATEST

_queue_depth = Gauge("ninepanels_event_queue_depth", "Events that wait for the worker or for a handler.")
_connections_in_use = Gauge("ninepanels_database_connections_in_use", "Connections taken out of the pools.")
_outbox_depth = Gauge("ninepanels_outbox_depth", "E-mails not sent yet; NaN while the database is away.")


def render(*, queue_depth: int, connections_in_use: int, outbox_depth: float) -> bytes:
    """Return everything in Prometheus's text format, whose type is CONTENT_TYPE."""
    _queue_depth.set(queue_depth)
    _connections_in_use.set(connections_in_use)
    _outbox_depth.set(outbox_depth)
    return generate_latest(REGISTRY)
