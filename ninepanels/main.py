"""The composition root: creates the application and connects its parts."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.telemetry import TelemetryConfig

from . import dispatcher
from . import exceptions
from . import queues
from .accounts import rate_limits
from .config import Settings
from .config import read_settings
from .database import POSTGRESQL_SERVING
from .database import database
from .http import errors
from .http import openapi
from .http import protocol
from .http.response_headers import IDEMPOTENCY_KEY
from .http.response_headers import IDEMPOTENT_REPLAYED
from .http.routing import Route
from .mail.outbox import Outbox
from .middleware.body_limit import BodyLimitMiddleware
from .middleware.head import HeadMiddleware
from .middleware.proxy import ProxyMiddleware
from .middleware.response_headers import REQUEST_ID
from .middleware.response_headers import ResponseHeadersMiddleware
from .middleware.response_wrapper import ResponseWrapperMiddleware
from .middleware.timing import TimingMiddleware
from .middleware.trusted_host import TrustedHostMiddleware
from .observability import logs
from .observability import sentry
from .ops import release
from .routes import TAGS
from .routes import app
from .routes import problems
from .routes import reference
from .routes import router
from .runtime import memory
from .runtime.supervision import Supervised
from .runtime.threads import monitoring_threads
from .runtime.threads import route_threads
from .sync import signals
from .sync.hub import Hub
from .timings.webhook import Webhook

MAX_BODY_BYTES = 64 * 1024
HANDLER_THREADS = 4
"""Threads for event handlers and the outbox. Each pool has one connection per handler thread and per route thread."""
MONITORING_THREADS = 2

# FastAPI's own telemetry would include exception messages, which can contain user input.
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}

# Time limits of shutdown, after serve.SHUTDOWN_TIMEOUT_S for open requests. The service stops within 10 s in total.
DRAIN_S = 2.5
STOP_S = 1.5

CORS_REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-None-Match",
    IDEMPOTENCY_KEY,
    "Last-Event-ID",
    "X-Current-Password",
    REQUEST_ID,
)
CORS_RESPONSE_HEADERS = (
    "ETag",
    IDEMPOTENT_REPLAYED,
    "Link",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    REQUEST_ID,
)

log = logging.getLogger(__name__)

DESCRIPTION = """
Up to nine panels, one tap a day. Free, no ads, no nudging; genuine deletion; your history is yours.

**Try it at `/docs`**: sign up with `POST /users`, press **Authorize** with your e-mail as the username, and go on
with `POST /panels`.

**Envelope.** Every JSON response is `{data, status_code, is_error, error_message, meta}`. `data` is what was asked
for. Lists say more about themselves in `meta`. `is_error` tells whether `data` is an error.

**Errors.** `data.code` identifies the kind of error and does not change; `data.detail` is a sentence for people, or
for `invalid_request` the list of mistakes. `/problems/` explains every code. With `Accept: application/problem+json`,
errors come as RFC 9457 problems instead.

**Login.** `POST /token` returns an access token. Send it as `Authorization: Bearer <access_token>`.

**Days and instants.** A day is a date such as `2026-11-23`, in the user's time zone. An instant is in UTC, such as
`2026-11-23T12:00:00Z`.

**Bodies** are JSON; some operations take the same fields as a form. Unknown fields are errors. The limit is 64 KiB.

**Changes.** Fields, operations and codes are added without notice, so ignore those that you do not know. Every path
also exists with the prefix `/v5`, and every `GET` answers `HEAD`.
"""


def create_api(settings: Settings) -> FastAPI:
    """Return the application. Its database is connected at startup."""
    logs.configure(settings.log_level, settings.log_format)
    about = release.about()
    sentry.connect(settings.sentry_dsn.get_secret_value(), settings.env, about.version)
    api = FastAPI(
        title=about.name,
        version=about.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        contact={"name": "the Nine Panels maintainers"},
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/", "description": "The server of this schema"}],
        openapi_url=None,
        # `errors` redirects instead: the address of FastAPI's redirects contains the Host of the request.
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry=NO_TELEMETRY,
    )
    api.state.settings = settings
    errors.install(api)
    api.router.routes.extend(router.routes)
    api.include_router(router, prefix="/v5", include_in_schema=False)
    # Pages have one address only, and links between them are relative.
    for pages in (app, reference, problems):
        api.router.routes.extend(pages.router.routes)
    api.mount("/static", reference.ReferenceFiles(), name="static")
    openapi.install(api)

    # A request passes the middleware in reverse order: the last one added comes first.
    api.add_middleware(BodyLimitMiddleware, max_bytes=MAX_BODY_BYTES, of_path=_body_limits())
    if "*" not in settings.trusted_hosts:
        api.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.trusted_hosts)
    api.add_middleware(ResponseWrapperMiddleware)
    if settings.cors_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=CORS_REQUEST_HEADERS,
            expose_headers=CORS_RESPONSE_HEADERS,
        )
    api.add_middleware(TimingMiddleware)
    api.add_middleware(ResponseHeadersMiddleware)
    api.add_middleware(HeadMiddleware)
    if settings.trusted_proxies or settings.root_path:
        api.add_middleware(ProxyMiddleware, trusted_proxies=settings.trusted_proxies, root_path=settings.root_path)
    return api


@contextlib.asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[dict[str, Any]]:
    settings: Settings = api.state.settings
    database.connect(settings.database_url, settings.threads + HANDLER_THREADS, POSTGRESQL_SERVING)
    route_threads.start(settings.threads)
    monitoring_threads.start(MONITORING_THREADS)
    # These threads use at most HANDLER_THREADS connections, so handlers never take one from the routes.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(HANDLER_THREADS))
    rate_limits.rate_limiter.connect(on=settings.rate_limits == "on", storage=settings.rate_limit_storage)
    queues.open_queue()
    log.info(_describe_mail(settings))
    outbox = Outbox(settings)
    webhook = Webhook(settings.alert_webhook_url.get_secret_value())
    # Half of the connections stay available to other requests.
    hub = api.state.hub = Hub(min(settings.max_streams, protocol.max_connections() // 2))
    handlers = dispatcher.create_dispatcher(settings, outbox, webhook, hub)
    worker = Supervised(lambda: queues.event_worker(handlers), "event_worker")
    sender = Supervised(outbox.send_forever, "outbox_sender")
    refresher = Supervised(hub.refresh_forever, "stream_refresher")
    receiver = Supervised(lambda: signals.receive_forever(hub), "signal_receiver")
    try:
        # For LimitedProtocol: this function continues only after the server has waited for all responses.
        yield {"end_streams": hub.close}
    finally:
        hub.close()
        await _finish_events()
        outbox.stop()
        await asyncio.gather(worker.stop(0), sender.stop(STOP_S), refresher.stop(0), receiver.stop(0))
        await asyncio.to_thread(sentry.disconnect)
        route_threads.stop()
        monitoring_threads.stop()
        database.disconnect()


def _describe_mail(settings: Settings) -> str:
    if settings.verifies_emails:
        return f"E-mails are verified: links in mails lead to {settings.app_url}/verify_email"
    return f"NINEPANELS_SMTP_URL is not set: mails are written to {settings.mail_dir}, and e-mails are not verified"


def _body_limits() -> dict[str, int]:
    """Return the body limits of the routes that state one, by path."""
    stated = {route.path: route.max_body_size for route in router.routes if isinstance(route, Route)}
    return {prefix + path: limit for path, limit in stated.items() if limit for prefix in ("", "/v5")}


async def _finish_events() -> None:
    """Handle the remaining events, within DRAIN_S; log how many are lost."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            await queues.drain()
    if lost := await queues.stop():
        log.error("%d events were not handled in time and are lost", lost)


def _create_from_environment() -> FastAPI:
    try:
        return create_api(read_settings())
    except exceptions.SettingsInvalid as error:
        sys.exit(error.detail)


api = _create_from_environment()
memory.tune()
