"""Who listens to what: every event type has its entry, an empty list where nobody listens yet."""

from . import event_types
from .handlers import activity
from .queues import Handler

dispatcher: dict[str, list[Handler]] = {
    event_types.NEW_USER_CREATED: [],
    event_types.USER_LOGGED_IN: [activity.handle_user_logged_in],
    event_types.USER_LOGGED_OUT: [],
    event_types.USER_UPDATED: [],
    event_types.USER_DELETED: [],
    event_types.PASSWORD_RESET_REQUESTED: [],
    event_types.PASSWORD_CHANGED: [],
    event_types.PANEL_CREATED: [],
    event_types.PANEL_UPDATED: [],
    event_types.PANEL_DELETED: [],
    event_types.ENTRY_RECORDED: [],
    event_types.ENTRIES_RESET: [],
    event_types.TIMING_CREATED: [activity.handle_timing_created],
    event_types.TIMINGS_PERSISTED: [],
    event_types.ROUTE_ALERT_RAISED: [],
    event_types.ROUTE_ALERT_CLEARED: [],
    event_types.EXCEPTION_RAISED: [],
}
