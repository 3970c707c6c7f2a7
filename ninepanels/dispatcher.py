"""Maps event types to handlers, and binds the arguments that the handlers need besides the event."""

from datetime import timedelta
from functools import partial

from . import event_types
from .config import Settings
from .crud.streams import MAX_NOTIFIED
from .handlers import accounts
from .handlers import changes
from .handlers import idempotency
from .handlers import notifications
from .handlers import sessions
from .handlers import timings
from .mail.outbox import Outbox
from .queues import Batched
from .queues import Dispatcher
from .sync.hub import Hub
from .timings.webhook import Webhook

BATCH_WAIT_S = 2.0
SIGNAL_WAIT_S = 0.1


def create_dispatcher(settings: Settings, outbox: Outbox, webhook: Webhook, hub: Hub) -> Dispatcher:
    """Return the handlers of each event type, an empty list for a type without handlers."""
    wake_outbox = partial(notifications.handle_event_with_mail, outbox)
    post_alert = partial(notifications.handle_route_alert, webhook)
    record_activity = accounts.ActivityRecorder().handle_timing_created_for_the_user
    write_timings = partial(timings.handle_timing_created_for_the_database, timedelta(days=settings.timings_keep_days))
    signal_change = Batched(partial(changes.handle_change_of_user, hub), MAX_NOTIFIED, SIGNAL_WAIT_S)
    return {
        event_types.NEW_USER_CREATED: [wake_outbox],
        event_types.SIGN_UP_REPEATED: [wake_outbox],
        event_types.EMAIL_VERIFIED: [wake_outbox],
        event_types.USER_LOGGED_IN: [accounts.handle_user_logged_in],
        event_types.USER_LOGGED_OUT: [accounts.handle_user_logged_out, signal_change],
        event_types.SESSION_USED: [Batched(sessions.handle_session_used, timings.BATCH_SIZE, BATCH_WAIT_S)],
        event_types.USER_UPDATED: [wake_outbox, signal_change],
        event_types.USER_DELETED: [signal_change],
        event_types.PASSWORD_RESET_REQUESTED: [wake_outbox],
        event_types.PASSWORD_CHANGED: [wake_outbox, signal_change],
        event_types.SECOND_FACTOR_CHANGED: [wake_outbox],
        event_types.PANEL_CREATED: [signal_change],
        event_types.PANEL_UPDATED: [signal_change],
        event_types.PANEL_DELETED: [signal_change],
        event_types.ENTRY_RECORDED: [signal_change],
        event_types.TAPS_RECORDED: [signal_change],
        event_types.ENTRIES_RESET: [signal_change],
        event_types.TIMING_CREATED: [
            Batched(record_activity, timings.BATCH_SIZE, BATCH_WAIT_S),
            Batched(write_timings, timings.BATCH_SIZE, BATCH_WAIT_S),
        ],
        event_types.TIMINGS_PERSISTED: [
            partial(timings.handle_timings_persisted, settings.alert_emails),
            idempotency.handle_timings_persisted_for_stored_responses,
        ],
        event_types.ROUTE_ALERT_RAISED: [wake_outbox, post_alert],
        event_types.ROUTE_ALERT_CLEARED: [wake_outbox, post_alert],
        event_types.EXCEPTION_RAISED: [notifications.handle_exception_raised],
    }
