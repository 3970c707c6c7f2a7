"""Reads the mails of a service without an SMTP server, which writes them to a folder."""

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import parse_qs
from urllib.parse import urlsplit

from .servers import wait_for


class Mailbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[EmailMessage]:
        """Return all mails, in the order in which they were added to the outbox."""
        paths = sorted(self.folder.glob("*.eml"), key=lambda path: int(path.name.partition(".")[0]))
        parser = BytesParser(EmailMessage, policy=policy.default)
        return [parser.parsebytes(path.read_bytes()) for path in paths]

    def wait_for(self, subject: str, count: int = 1) -> list[EmailMessage]:
        """Wait until `count` mails have `subject` in their subject and return them."""

        def found() -> list[EmailMessage] | None:
            mails = [mail for mail in self.all() if subject in str(mail["Subject"])]
            return mails if len(mails) >= count else None

        return wait_for(
            found, lambda: f"{count} of {subject!r}, received were {[str(mail['Subject']) for mail in self.all()]}"
        )

    def reset_link(self, nth: int = 1) -> dict[str, str]:
        """Wait for the n-th mail with a password reset link and return the parameters of the link."""
        return link_in(self.wait_for("new password", nth)[nth - 1])


def text_of(mail: EmailMessage, subtype: str = "plain") -> str:
    part = mail.get_body((subtype,))
    assert part is not None
    text: str = part.get_content()
    return text


def link_in(mail: EmailMessage) -> dict[str, str]:
    """Return the parameters of the password reset link in a mail."""
    found = re.search(r"https?://\S*/password_reset\?\S+", text_of(mail))
    assert found, text_of(mail)
    return {name: values[0] for name, values in parse_qs(urlsplit(found[0]).query).items()}
