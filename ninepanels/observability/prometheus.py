"""The Prometheus metrics of this process."""

from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client import REGISTRY
from prometheus_client import Counter
from prometheus_client import Gauge
from prometheus_client import Histogram
from prometheus_client import disable_created_metrics
from prometheus_client import generate_latest

from .. import event_types

# Without this, the creation time of each counter would double the output.
disable_created_metrics()  # type: ignore[no-untyped-call]

requests = Histogram(
    "ninepanels_http_request_duration_seconds",
    "Duration of requests, by path template of the route.",
    ["method", "path", "status"],
)
events_handled = Counter("ninepanels_events_handled", "Events handled.", ["handler"])
events_failed = Counter("ninepanels_events_failed", "Events whose handler failed for good.", ["handler"])
events_retried = Counter("ninepanels_events_retried", "Retries of event handlers.", ["handler"])
events_dropped = Counter("ninepanels_events_dropped", "Timings dropped because a queue was full.", ["type", "place"])
for place in ("queue", "handler"):
    # The counters are exported as 0 from the start, so that Prometheus counts the first drop as an increase.
    events_dropped.labels(event_types.TIMING_CREATED, place)
tasks_restarted = Counter("ninepanels_tasks_restarted", "Restarts of background tasks.", ["task"])

CONTENT_TYPE = CONTENT_TYPE_LATEST

_queue_depth = Gauge("ninepanels_event_queue_depth", "Events that wait for the worker or for a handler.")
_connections_in_use = Gauge("ninepanels_database_connections_in_use", "Database connections in use.")
_streams_open = Gauge("ninepanels_streams_open", "Open streams of changes.")
_outbox_depth = Gauge("ninepanels_outbox_depth", "E-mails not sent yet; NaN while the database is unavailable.")


def render(*, queue_depth: int, connections_in_use: int, streams_open: int, outbox_depth: float) -> bytes:
    """Return all metrics in the text format of Prometheus; its media type is CONTENT_TYPE."""
    _queue_depth.set(queue_depth)
    _connections_in_use.set(connections_in_use)
    _streams_open.set(streams_open)
    _outbox_depth.set(outbox_depth)
    return generate_latest(REGISTRY)
