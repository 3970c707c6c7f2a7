"""E-mails to addresses that an earlier release accepted and that are no longer valid."""

import pytest

from ninepanels import crud
from ninepanels import pydmodels as pyd
from ninepanels import sqlmodels as sql
from ninepanels.database import database

from ..support.mailbox import Mailbox
from ..support.outbox import rows
from ..support.outbox import wait_until_sent
from ..support.outbox import wake_outbox
from ..support.people import Person
from ..support.people import data
from ..support.servers import wait_for

INVALID = [
    "i\u0307" * 63 + "@" + "x" * 63 + ".example",
    "a" * 260 + "@example.com",
    "no address",
    "ada@",
    "a\u2060b@example.com",
]


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        *((pyd.MailKind.WELCOME, address) for address in INVALID),
        (pyd.MailKind.PASSWORD_RESET, "no address"),
        (pyd.MailKind.EMAIL_CHANGED, "no address"),
    ],
)
def test_a_mail_to_an_invalid_address_is_given_up_with_one_line(
    ada: Person, caplog: pytest.LogCaptureFixture, kind: pyd.MailKind, address: str
) -> None:
    wait_until_sent()
    with database.transaction() as work:
        user = crud.users.read(work, ada.id)
        assert user is not None
        user.email = address[:254]
        mail = crud.outbox.add(work, kind, user.email, ada.id)
    wake_outbox(ada.client)
    wait_for(lambda: mail.id not in [row.id for row in rows()])
    (line,) = [record for record in caplog.records if f"Mail {mail.id} " in record.getMessage()]
    assert line.levelname == "ERROR"
    assert line.getMessage() == f"Mail {mail.id} ({kind}) is given up: the address is not valid"
    assert line.exc_info is None
    with database.transaction() as session:
        assert session.query(sql.PasswordResetToken).count() == 0


def test_a_mail_to_an_invalid_address_does_not_block_others(ada: Person, mailbox: Mailbox) -> None:
    wait_until_sent()
    with database.transaction() as work:
        crud.outbox.add(work, pyd.MailKind.WELCOME, "no address", ada.id)
    data(ada.client.post("/auth/request_password_reset", json={"email": ada.email}))
    mailbox.reset_link()
    wait_for(lambda: len(rows()) == 2)
