"""The texts and headers of e-mails."""

import re
from datetime import UTC
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninepanels import pydmodels as pyd
from ninepanels import sqlmodels as sql
from ninepanels.config import Settings
from ninepanels.environments import Environment
from ninepanels.mail import messages

from ..support.mailbox import link_in
from ..support.mailbox import text_of

pytestmark = pytest.mark.any_database

SETTINGS = Settings(
    env=Environment.TEST, database_url="sqlite:////nowhere/at/all.db", url_root="https://nine.example/app"
)
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}
TOKEN = "t" * 43
LINK = f"https://nine.example/app/verify_email?verification_token={TOKEN}"

ALERT = {
    "alert_id": "11111111-2222-4333-8444-555555555555",
    "method_path": "GET_/panels/{panel_id}",
    "p95": 1234.56,
    "alert_threshold_ms": 500.0,
    "count": 100,
    "at": "2026-11-24T12:00:00Z",
}
ALERTS = {pyd.MailKind.ROUTE_ALERT_RAISED: "is slow", pyd.MailKind.ROUTE_ALERT_CLEARED: "is fast again"}

every_kind = pytest.mark.parametrize("kind", pyd.MailKind)


def compose(
    kind: pyd.MailKind, name: str | None = "Ada", recipient: str = "ada@example.com", *, mail_id: int = 1
) -> EmailMessage:
    """Compose a mail and parse it as a mail server would."""
    row = sql.OutboxMail(id=mail_id, kind=kind, recipient=recipient, created_at=datetime(2026, 11, 24, tzinfo=UTC))
    row.about = ALERT if kind in ALERTS else None
    link = messages.reset_link(SETTINGS.url_root, recipient, TOKEN) if kind == pyd.MailKind.PASSWORD_RESET else LINK
    message = messages.compose(row, kind, SETTINGS, name=name, link=link)
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(message.as_bytes())


@every_kind
def test_every_mail_addresses_the_user_by_name_in_text_and_html(kind: pyd.MailKind) -> None:
    mail = compose(kind)
    assert mail["To"] == "ada@example.com"
    assert mail["From"] == SETTINGS.mail_from
    for subtype in ("plain", "html"):
        assert "Hello Ada," in text_of(mail, subtype)


@pytest.mark.parametrize(("kind", "expected"), ALERTS.items())
@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_alert_mails_contain_route_duration_threshold_and_alert_id(
    kind: pyd.MailKind, expected: str, subtype: str
) -> None:
    text = text_of(compose(kind, name=None), subtype)
    for part in ("Hello,", expected, "GET_/panels/{panel_id}", "100", "1234.6 ms", "500 ms", ALERT["alert_id"]):
        assert str(part) in text


@every_kind
def test_names_are_escaped_in_html(kind: pyd.MailKind) -> None:
    mail = compose(kind, "<script>alert('1')</script>")
    assert "Hello <script>alert('1')</script>," in text_of(mail)
    assert "<script" not in text_of(mail, "html")
    assert "Hello &lt;script&gt;" in text_of(mail, "html")


@every_kind
@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=100) | st.just("Ada\r\nBcc: eve@example.com"))
def test_names_never_affect_headers(kind: pyd.MailKind, name: str) -> None:
    mail, plain = compose(kind, name), compose(kind)
    assert set(mail.keys()) == HEADERS
    for header in HEADERS - {"Date", "Content-Type"}:
        assert mail[header] == plain[header]


def test_names_cannot_contain_line_breaks() -> None:
    text = text_of(compose(pyd.MailKind.WELCOME, "Ada\r\n\r\nClick here:\thttp://evil.example"))
    assert text.splitlines()[0] == "Hello Ada Click here: http://evil.example,"


@pytest.mark.parametrize(
    "recipient",
    ["ada@example.com", "a+b@example.com", "o'hara&co@example.com", "jörg@example.com", "ada@bücher.example"],
)
def test_the_link_contains_the_email_and_the_token(recipient: str) -> None:
    mail = compose(pyd.MailKind.PASSWORD_RESET, recipient=recipient)
    assert link_in(mail) == {"email": recipient, "password_reset_token": TOKEN}
    link = messages.reset_link(SETTINGS.url_root, recipient, TOKEN)
    assert link.startswith("https://nine.example/app/password_reset?email=")
    assert link in text_of(mail).split()
    assert f'href="{link.replace("&", "&amp;")}"' in text_of(mail, "html")


def test_the_link_is_unbroken_in_a_mail_file() -> None:
    row = sql.OutboxMail(id=1, kind="password_reset", recipient="ada@example.com", created_at=datetime.now(UTC))
    link = messages.reset_link(SETTINGS.url_root, "ada@example.com", TOKEN)
    raw = messages.compose(row, pyd.MailKind.PASSWORD_RESET, SETTINGS, name="Ada", link=link).as_bytes().decode()
    assert link in raw


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [("ada@bücher.example", "ada@xn--bcher-kva.example"), ("jörg@bücher.example", "jörg@xn--bcher-kva.example")],
)
def test_domains_are_converted_to_punycode(recipient: str, expected: str) -> None:
    assert compose(pyd.MailKind.WELCOME, recipient=recipient)["To"] == expected


def test_every_attempt_at_a_mail_has_the_same_message_id() -> None:
    first, again, other = (compose(pyd.MailKind.WELCOME, mail_id=mail_id) for mail_id in (1, 1, 2))
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]


@every_kind
def test_mails_contain_no_external_resources_or_links(kind: pyd.MailKind) -> None:
    html = text_of(compose(kind), "html")
    assert not re.search(r"<(img|link|script|iframe)|src=|url\(", html)
    assert all(link.startswith(SETTINGS.url_root) for link in re.findall(r'href="([^"]*)"', html))


@every_kind
def test_every_kind_has_a_subject_and_both_templates(kind: pyd.MailKind) -> None:
    folder = Path(messages.__file__).parent / "templates"
    assert messages.SUBJECTS[kind]
    assert (folder / f"{kind}.txt").is_file()
    assert (folder / f"{kind}.html").is_file()
