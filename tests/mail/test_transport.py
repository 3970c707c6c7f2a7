"""Delivery of e-mails by SMTP and to a folder."""

import asyncio
import ssl
import stat
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ninepanels import exceptions
from ninepanels.config import Settings
from ninepanels.environments import Environment
from ninepanels.mail import transport

from ..support.mail_server import MailServer
from ..support.postgres import free_port
from ..support.servers import DEADLINE_S
from ..support.servers import wait_for

pytestmark = pytest.mark.any_database


def settings(**values: Any) -> Settings:
    return Settings(env=Environment.TEST, database_url="sqlite:////nowhere/at/all.db", **values)


def compose() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "nine@example.com", "ada@example.com", "Hello"
    message["Message-ID"] = "<7.1@example.com>"
    message.set_content("Hello Ada")
    return message


def deliver(smtp_url: str) -> None:
    asyncio.run(transport.deliver(compose(), settings(smtp_url=smtp_url)))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


# --- SMTP -------------------------------------------------------------------------------------------------------------


def test_a_mail_is_delivered() -> None:
    with MailServer.running() as server:
        deliver(server.url)
    assert [mail["Subject"] for mail in server.mails] == ["Hello"]
    assert server.encrypted == [False]


@pytest.mark.usefixtures("trusted")
def test_starttls_is_used_if_the_server_offers_it(tls: ssl.SSLContext) -> None:
    with MailServer.running(starttls=tls) as server:
        deliver(server.url)
    assert server.encrypted == [True]


@pytest.mark.usefixtures("trusted")
def test_smtps_is_tls_from_the_start(tls: ssl.SSLContext) -> None:
    with MailServer.running(tls=tls) as server:
        deliver(server.url)
    assert server.encrypted == [True]


def test_untrusted_certificates_are_rejected(tls: ssl.SSLContext) -> None:
    with MailServer.running(starttls=tls) as server, pytest.raises(exceptions.MailNotSent):
        deliver(server.url)
    assert server.mails == []


@pytest.mark.usefixtures("trusted")
def test_the_credentials_of_the_url_are_used(tls: ssl.SSLContext) -> None:
    with MailServer.running(starttls=tls, login=("nine@example.com", "p@ss:w/rd")) as server:
        deliver(f"smtp://nine%40example.com:p%40ss%3Aw%2Frd@127.0.0.1:{server.port}")
    assert server.logins == [("nine@example.com", "p@ss:w/rd")]
    assert server.encrypted == [True]


def test_wrong_credentials_are_an_error_without_the_credentials() -> None:
    with MailServer.running(login=("nine", "right")) as server, pytest.raises(exceptions.MailNotSent) as caught:
        deliver(f"smtp://nine:hunter2@127.0.0.1:{server.port}")
    assert caught.value.context_msg == "SMTPAuthenticationError 535"
    assert server.mails == []


def test_passwords_are_never_sent_unencrypted_to_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "is_loopback", lambda host: host == "localhost")
    with MailServer.running(login=("nine", "right")) as server, pytest.raises(exceptions.MailNotSent):
        deliver(f"smtp://nine:right@127.0.0.1:{server.port}")
    assert (server.logins, server.mails) == ([], [])


def test_an_unreachable_server_is_an_error_without_its_address() -> None:
    with pytest.raises(exceptions.MailNotSent) as caught:
        deliver(f"smtp://127.0.0.1:{free_port()}")
    assert caught.value.context_msg == "SMTPConnectError"


def test_a_rejected_recipient_is_an_error_without_the_address() -> None:
    with MailServer.running() as server:
        server.refusal = "550 There is no ada@example.com"
        with pytest.raises(exceptions.MailNotSent) as caught:
            deliver(server.url)
    assert caught.value.context_msg == "SMTPRecipientsRefused 550"
    assert "ada" not in str(caught.value)


def test_a_cancelled_delivery_does_not_wait_for_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUT_S", 2 * DEADLINE_S)

    async def cancel(server: MailServer) -> bool:
        delivery = asyncio.create_task(transport.deliver(compose(), settings(smtp_url=server.url)))
        await asyncio.to_thread(wait_for, lambda: server.received)
        delivery.cancel()
        await asyncio.wait({delivery}, timeout=DEADLINE_S)
        return delivery.cancelled()

    with MailServer.running() as server:
        server.may_respond.clear()
        try:
            assert asyncio.run(cancel(server))
        finally:
            server.may_respond.set()


# --- Folder -----------------------------------------------------------------------------------------------------------


def write(folder: Path) -> EmailMessage:
    message = compose()
    asyncio.run(transport.deliver(message, settings(mail_dir=folder)))
    return message


def test_mails_are_files_if_no_server_is_configured(tmp_path: Path) -> None:
    message = write(tmp_path / "mail" / "deeper")
    (path,) = (tmp_path / "mail" / "deeper").iterdir()
    assert path.name == "7.1.eml"
    found = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
    assert found["Subject"] == message["Subject"]
    assert found.get_content() == message.get_content()


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    write(tmp_path / "mail")
    assert stat.S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "mail" / "7.1.eml").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(exceptions.MailNotSent):
        write(tmp_path / "mail")
