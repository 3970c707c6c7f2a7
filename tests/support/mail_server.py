"""A real SMTP server for tests."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import AuthResult
from aiosmtpd.smtp import Envelope
from aiosmtpd.smtp import LoginPassword
from aiosmtpd.smtp import Session

from .postgres import free_port
from .servers import DEADLINE_S
from .servers import PROGRAM_DEADLINE_S
from .servers import wait_for


class ClosingController(Controller):
    """Closes its connections when it stops. aiosmtpd leaves them to the garbage collector, which warns."""

    def cancel_tasks(self, stop_loop: bool = True) -> None:
        # Also those during a TLS handshake, which aiosmtpd does not know yet. Python 3.13 has `Server.abort_clients`.
        transports: Mapping[int, asyncio.WriteTransport] = vars(self.loop)["_transports"]
        for transport in list(transports.values()):
            transport.abort()
        super().cancel_tasks(stop_loop)


class MailServer:
    """Stores the mails that it receives.

    Attributes:
        refusal: the response to every recipient, None to accept them.
        may_respond: while it is cleared, mails are not acknowledged.
        received: the recipients of mails whose content has arrived.
    """

    def __init__(self, port: int, *, tls: bool, wants_login: bool) -> None:
        self.port = port
        self.wants_login = wants_login
        self.url = f"{'smtps' if tls else 'smtp'}://127.0.0.1:{port}"
        self.mails: list[EmailMessage] = []
        self.encrypted: list[bool] = []
        self.logins: list[tuple[str, str]] = []
        self.refusal: str | None = None
        self.may_respond = threading.Event()
        self.may_respond.set()
        self.received: list[str] = []

    @classmethod
    @contextlib.contextmanager
    def running(
        cls,
        port: int | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> Iterator["MailServer"]:
        """Run a server, optionally with TLS, with STARTTLS, or with a required login (name and password)."""
        server = cls(port or free_port(), tls=tls is not None, wants_login=login is not None)

        def authenticate(
            _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
        ) -> AuthResult:
            assert isinstance(data, LoginPassword)
            server.logins.append((data.login.decode(), data.password.decode()))
            return AuthResult(success=server.logins[-1] == login, handled=False)

        controller = ClosingController(
            server,
            hostname="127.0.0.1",
            port=server.port,
            ready_timeout=DEADLINE_S,
            ssl_context=tls,
            tls_context=starttls,
            authenticator=authenticate if login else None,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )
        controller.start()
        try:
            yield server
        finally:
            controller.stop()

    def wait_for(self, count: int) -> list[EmailMessage]:
        """Wait until `count` mails have arrived and return all mails."""
        return wait_for(
            lambda: list(self.mails) if len(self.mails) >= count else None,
            lambda: f"{count} mails, received were {len(self.mails)}",
            PROGRAM_DEADLINE_S,
        )

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.wants_login and not session.authenticated:
            return "530 Please log in"
        if self.refusal is None:
            envelope.rcpt_tos.append(address)
        return self.refusal or "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        assert isinstance(envelope.content, bytes)
        self.received += envelope.rcpt_tos
        await asyncio.to_thread(self.may_respond.wait)
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        self.mails.append(BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.content))
        return "250 OK"
