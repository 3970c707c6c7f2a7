"""Who listens to what: every event type has its entry, an empty list where nobody listens yet."""

from . import event_types
from .handlers import activity
from .handlers import alerting
from .handlers import comms
from .handlers import monitoring
from .handlers import performance
from .handlers import tokens
from .queues import Handler

dispatcher: dict[str, list[Handler]] = {
    event_types.NEW_USER_CREATED: [comms.handle_new_user_created],
    event_types.USER_LOGGED_IN: [activity.handle_user_logged_in],
    event_types.USER_LOGGED_OUT: [tokens.handle_user_logged_out],
    event_types.USER_UPDATED: [comms.handle_user_updated],
    event_types.USER_DELETED: [],
    event_types.PASSWORD_RESET_REQUESTED: [comms.handle_password_reset_requested],
    event_types.PASSWORD_CHANGED: [comms.handle_password_changed],
    event_types.PANEL_CREATED: [],
    event_types.PANEL_UPDATED: [],
    event_types.PANEL_DELETED: [],
    event_types.ENTRY_RECORDED: [],
    event_types.ENTRIES_RESET: [],
    event_types.TIMING_CREATED: [
        activity.handle_timing_created_for_the_user,
        performance.handle_timing_created_for_the_database,
    ],
    event_types.TIMINGS_PERSISTED: [performance.handle_timings_persisted],
    event_types.ROUTE_ALERT_RAISED: [
        alerting.handle_route_alert_raised_by_mail,
        alerting.handle_route_alert_raised_by_webhook,
    ],
    event_types.ROUTE_ALERT_CLEARED: [
        alerting.handle_route_alert_cleared_by_mail,
        alerting.handle_route_alert_cleared_by_webhook,
    ],
    event_types.EXCEPTION_RAISED: [monitoring.handle_exception_raised],
}
