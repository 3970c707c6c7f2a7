"""Where everything is put together, and the only such place."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from . import exceptions
from . import http_errors
from . import logs
from . import memory
from . import queues
from . import rate_limits
from . import release
from . import sentry
from .config import Settings
from .config import read_settings
from .database import database
from .dispatcher import dispatcher
from .middleware.body_limit import BodyLimitMiddleware
from .middleware.docs_policy import DocsPolicyMiddleware
from .middleware.request_id import HEADER as REQUEST_ID_HEADER
from .middleware.request_id import RequestIdMiddleware
from .middleware.response_wrapper import ResponseWrapperMiddleware
from .middleware.timing import TimingMiddleware
from .outbox import outbox
from .route_watch import route_watch
from .routes import router
from .supervision import Supervised
from .threads import route_threads
from .timing_buffer import timing_buffer
from .webhook import webhook

LARGEST_BODY = 64 * 1024
HANDLER_THREADS = 4
"""Threads for event handlers and the outbox. Each pool has a connection for each of them and of the routes' threads."""

# FastAPI's own reports quote what exceptions say, which may be what somebody sent.
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}

# A request that is accepted gets serve.GRACE_S to finish; these come after it, and all together are under 10 s.
DRAIN_S = 2.5
STOP_S = 1.5

log = logging.getLogger(__name__)

DESCRIPTION = """
Up to nine panels, one tap a day. Free, no ads, no nudging; genuine deletion; your history is yours.

Sign up with `POST /users`, press **Authorize** with your e-mail as the username, and go on from there.
Every JSON response comes as `{data, status_code, is_error, error_message, meta}`.
The schemas below show what is in `data`.
"""


def create_api(settings: Settings) -> FastAPI:
    """Return the application; the database is connected when it starts."""
    logs.configure(settings.log_level, settings.log_format)
    sentry.connect(settings.sentry_dsn.get_secret_value(), settings.env)
    about = release.about()
    api = FastAPIOffline(
        title=about.name,
        version=about.version,
        description=DESCRIPTION,
        lifespan=_lifespan,
        telemetry=NO_TELEMETRY,
    )
    api.state.settings = settings
    http_errors.install(api)
    # The pages of the documentation are there already; nobody asks for those each day.
    api.router.routes[:0] = router.routes
    api.include_router(router, prefix="/v5", include_in_schema=False)

    # The last one added is the first that a request meets.
    api.add_middleware(BodyLimitMiddleware, max_bytes=LARGEST_BODY)
    if "*" not in settings.trusted_hosts:
        api.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.trusted_hosts, www_redirect=False)
    api.add_middleware(DocsPolicyMiddleware)
    api.add_middleware(ResponseWrapperMiddleware)
    if settings.cors_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", REQUEST_ID_HEADER],
            expose_headers=[REQUEST_ID_HEADER],
        )
    api.add_middleware(TimingMiddleware)
    api.add_middleware(RequestIdMiddleware)
    if settings.trusted_proxies:
        api.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    return api


@contextlib.asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    settings: Settings = api.state.settings
    database.connect(settings.database_url, pool_size=settings.threads + HANDLER_THREADS)
    route_threads.connect(settings.threads)
    rate_limits.guard.connect(on=settings.rate_limits == "on", storage=settings.rate_limit_storage)
    # No more threads than connections: handlers that wait for the database take none from the routes.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(HANDLER_THREADS))
    route_watch.connect(settings.alert_emails)
    webhook.connect(settings.alert_webhook_url.get_secret_value())
    queues.event_queue.open()
    timing_buffer.connect(keep=timedelta(days=settings.timings_keep_days))
    worker = Supervised(lambda: queues.event_worker(dispatcher), "event_worker")
    writer = Supervised(timing_buffer.write_forever, "timing_writer")
    sender = Supervised(lambda: outbox.send_forever(settings), "outbox_sender")
    try:
        yield
    finally:
        await _finish_events()
        outbox.stop()
        await asyncio.gather(worker.stop(STOP_S), writer.stop(0), sender.stop(STOP_S))
        await asyncio.to_thread(sentry.disconnect)
        route_threads.disconnect()
        database.disconnect()


async def _finish_events() -> None:
    """Let everything that was begun come to its end: events, the timings they leave, the events of those."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            await queues.drain()
            await timing_buffer.flush()
            await queues.drain()
    if lost := await queues.stop() + len(timing_buffer):
        log.error("Not everything was finished in time: %d events are lost", lost)


def _create_from_environment() -> FastAPI:
    try:
        return create_api(read_settings())
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)


api = _create_from_environment()
memory.settle_down()
