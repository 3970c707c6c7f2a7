"""Migrates the database and then serves: `./mc.sh run`."""

import argparse
import errno
import importlib
import logging
import multiprocessing
import signal
import socket
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import closing
from contextlib import contextmanager
from functools import partial
from types import FrameType
from types import MappingProxyType
from typing import Any

import uvicorn
from uvicorn.supervisors import ChangeReload
from uvicorn.supervisors import Multiprocess

from . import config
from . import crud
from . import environments
from . import exceptions
from .accounts import totp
from .config import Settings
from .database import connected
from .http.protocol import raise_file_limit
from .observability import logs
from .ops import failures
from .ops.arguments import number
from .ops.arguments import parser_of
from .web.files import MEDIA_TYPES

SHUTDOWN_TIMEOUT_S = 4
"""How long accepted requests may take to finish during a shutdown."""
PROTOCOL = "ninepanels.http.protocol:LimitedProtocol"
"""As an import string, because worker processes import it themselves."""
MAX_PORT = 65_535

OPTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "log_config": None,
        "access_log": False,
        "http": PROTOCOL,
        "ws": "none",
        # X-Forwarded-For is evaluated according to TRUSTED_PROXIES. uvicorn would trust every client on this machine.
        "proxy_headers": False,
        "timeout_graceful_shutdown": SHUTDOWN_TIMEOUT_S,
    }
)
"""The options of uvicorn."""

log = logging.getLogger(__name__)


def main(options: Sequence[str]) -> None:
    """Parse the command line and serve until the process is stopped."""
    arguments = _parse(options)
    raise_file_limit()
    with failures.reported():
        settings = config.read_settings()
        # Bound before the migration: if another service has the port, nothing is changed.
        with closing(_bind(arguments.host, arguments.port)) as listener:
            _migrate(settings)
            encrypt_again(settings)
            with _reported_errors(arguments.host, arguments.port):
                listener.listen()
            logs.configure(settings.log_level, settings.log_format)
            _warn_of_logged_statements(settings)
            address = _url(arguments.host, listener.getsockname()[1])
            for warning in settings.warnings:
                log.warning(warning)
            log.info("Open %s in a browser; the API is explained at %s/docs. Ctrl-C stops it.", address, address)
            try:
                start(listener, workers=arguments.workers, reload=arguments.reload)
            except OSError:
                # `reported` prints one line. The traceback says which part of the service failed.
                log.exception("The service has stopped")
                raise


def start(listener: socket.socket, **options: Any) -> None:
    """Serve on a socket. The options are those of uvicorn, in addition to OPTIONS."""
    # uvicorn always includes Python files, and warns if others are given without --reload.
    includes = [f"*{suffix}" for suffix in MEDIA_TYPES] if options["reload"] else None
    settings = uvicorn.Config("ninepanels.main:api", reload_includes=includes, **{**OPTIONS, **options})
    server = uvicorn.Server(settings)
    if settings.reload:
        _Reload(settings, target=server.run, sockets=[listener]).run()
    elif settings.workers > 1:
        _Workers(settings, sockets=[listener]).run()
    else:
        server.run(sockets=[listener])


class _Workers(Multiprocess):
    """Worker processes; Ctrl-C has the exit code of an interrupted command."""

    def run(self) -> None:
        self.is_interrupted = False
        super().run()
        if self.is_interrupted:
            raise KeyboardInterrupt

    def handle_int(self) -> None:
        self.is_interrupted = True
        super().handle_int()


# uvicorn declares the class as a variable, because it depends on the system.
class _Reload(ChangeReload):  # type: ignore[valid-type, misc]
    """A process that is restarted when the code changes; Ctrl-C has the exit code of an interrupted command."""

    def run(self) -> None:
        self.is_interrupted = False
        super().run()
        if self.is_interrupted:
            raise KeyboardInterrupt

    def signal_handler(self, sig: int, frame: FrameType | None) -> None:
        self.is_interrupted = sig == signal.SIGINT
        super().signal_handler(sig, frame)


def _parse(options: Sequence[str]) -> argparse.Namespace:
    parser = parser_of("run", "Migrate the database, then serve until Ctrl-C.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument(
        "--port",
        type=number(0, MAX_PORT),
        default=8000,
        metavar="N",
        help="the port to listen on; 0 for any that is free",
    )
    parser.add_argument("--workers", type=number(1), default=1, metavar="N", help="the number of worker processes")
    if environments.IS_CHECKOUT:
        parser.add_argument("--reload", action="store_true", help="restart when the code changes")
    else:
        parser.set_defaults(reload=False)
    arguments = parser.parse_args(options)
    if arguments.reload and arguments.workers > 1:
        parser.error("--reload serves with one process, so leave out --workers")
    return arguments


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address but does not listen yet.

    Raises:
        SettingsInvalid: this machine does not have the address, or the port is in use.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    # For worker processes.
    listener.set_inheritable(True)
    try:
        with _reported_errors(host, port):
            listener.bind((host, port))
    except BaseException:
        listener.close()
        raise
    return listener


@contextmanager
def _reported_errors(host: str, port: int) -> Iterator[None]:
    """Turn the errors of `bind` and `listen` into one line that says what to do."""
    try:
        yield
    except OSError as error:
        another = port + 1 if port < MAX_PORT else port - 1
        again = f"{environments.COMMAND} run"
        reasons = {
            errno.EADDRINUSE: f"port {port} is in use. Stop the other service, or: {again} --port {another}",
            errno.EACCES: f"port {port} requires root. Choose another, as in: {again} --port 8000",
        }
        reason = reasons.get(error.errno or 0, f"this machine cannot listen there ({error.strerror}). See --host")
        raise exceptions.SettingsInvalid(f"{_url(host, port)}: {reason}") from error


def _url(host: str, port: int) -> str:
    """Return an address at which a browser on this machine reaches the service."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _migrate(settings: Settings) -> None:
    """Migrate if needed: in a child process, so that the modules of migrations take no memory while serving."""
    with connected(settings.database_url) as database, database.connection() as connection:
        if crud.schema.read_revision(connection) == crud.schema.REVISION:
            return
    migration = multiprocessing.get_context("fork").Process(target=_run_migrations)
    migration.start()
    migration.join()
    if migration.exitcode:
        sys.exit(migration.exitcode)


def encrypt_again(settings: Settings) -> None:
    """During a rotation of the JWT secret, encrypt with the current one what is encrypted with the previous one.

    The previous one is removed later, and not every user logs in until then.
    """
    if settings.jwt_secret_previous:
        with connected(settings.database_url) as database, database.transaction() as work:
            crud.second_factors.encrypt_again(work, partial(totp.encrypt_again, settings=settings))


def _run_migrations() -> None:
    importlib.import_module("ninepanels.ops.migrations").main()


def _warn_of_logged_statements(settings: Settings) -> None:
    with connected(settings.database_url) as database:
        if database.dialect == "postgresql" and database.read(crud.databases.logs_statements):
            log.warning(
                "PostgreSQL writes failed statements, with e-mails and password hashes, to its own log. A superuser can"
                ' turn that off: see "The server\'s log" in docs/deployment.md'
            )
