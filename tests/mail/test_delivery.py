"""A real service and mail server: each e-mail is sent once, after outages and crashes too."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ..support.mail_server import MailServer
from ..support.mailbox import link_in
from ..support.mailbox import text_of
from ..support.people import PASSWORD
from ..support.people import data
from ..support.servers import Service
from ..support.servers import wait_for


def sign_up(service: Service, email: str = "ada@example.com") -> None:
    data(service.client.post("/users", json={"email": email, "name": "Ada", "password": PASSWORD}))


def test_account_life_cycle_with_all_mails(database_url: str, tmp_path: Path) -> None:
    with (
        MailServer.running() as mails,
        Service(database_url, tmp_path, SMTP_URL=mails.url, URL_ROOT="https://nine.example") as service,
    ):
        client = service.client
        sign_up(service)
        (confirmation,) = mails.wait_for(1)
        assert confirmation["To"] == "ada@example.com"
        body = {"verification_token": re.findall(r"verification_token=(\S+)", text_of(confirmation))[0]}
        assert data(client.post("/auth/verify_email", json=body)) == {"success": True}
        assert mails.wait_for(2)[1]["Subject"] == "Welcome to Nine Panels"

        assert data(client.post("/auth/request_password_reset", data={"email": "ada@example.com"})) is True
        reset = mails.wait_for(3)[2]
        assert "https://nine.example/password_reset?email=ada%40example.com&password_reset_token=" in text_of(reset)
        body = link_in(reset) | {"new_password": "battery staple"}
        assert data(client.post("/auth/password_reset", json=body)) is True
        assert client.post("/auth/password_reset", json=body).status_code == 401
        assert mails.wait_for(4)[3]["Subject"] == "Your password was changed"

        assert client.post("/token", data={"username": "ada@example.com", "password": PASSWORD}).status_code == 401
        login = {"username": "ada@example.com", "password": "battery staple"}
        token = data(client.post("/token", data=login))["access_token"]
        authorized = {"Authorization": f"Bearer {token}"}
        change = {"current_password": "battery staple", "new_password": PASSWORD}
        changed = data(client.post("/auth/change_password", json=change, headers=authorized))
        assert client.get("/users", headers=authorized).status_code == 401
        authorized = {"Authorization": f"Bearer {changed['access_token']}"}
        assert data(client.get("/users", headers=authorized))["email"] == "ada@example.com"
        mails.wait_for(5)

        assert data(client.post("/auth/logout_everywhere", headers=authorized)) == {"success": True}
        assert client.get("/users", headers=authorized).status_code == 401
        data(client.post("/token", data={"username": "ada@example.com", "password": PASSWORD}))
        service.stop()
        for secret in (body["password_reset_token"], token, "battery staple", "ada@example.com"):
            assert secret not in service.log()


def test_requests_succeed_without_mail_server_and_the_mail_is_sent_later(database_url: str, tmp_path: Path) -> None:
    with MailServer.running() as server:
        port = server.port
    with Service(database_url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as service:
        sign_up(service)
        wait_for(lambda: "was not sent" in service.log())
        with MailServer.running(port=port) as server:
            assert [mail["To"] for mail in server.wait_for(1)] == ["ada@example.com"]
            wait_for(lambda: "(verify_email) was sent" in service.log())


@pytest.mark.any_database
def test_a_mail_is_sent_once_after_a_kill_between_commit_and_delivery(database_url: str, tmp_path: Path) -> None:
    with MailServer.running() as server:
        port = server.port
    with Service(database_url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as service:
        sign_up(service)
        service.process.kill()
        service.process.wait()
    with (
        MailServer.running(port=port) as server,
        Service(database_url, tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as service,
    ):
        assert [mail["To"] for mail in server.wait_for(1)] == ["ada@example.com"]
        wait_for(lambda: "(verify_email) was sent" in service.log())
        service.stop()
        assert len(server.mails) == 1


@pytest.mark.parametrize(
    "backend", ["postgresql", pytest.param("sqlite", marks=pytest.mark.prove)], indirect=["backend"]
)
def test_two_instances_send_each_of_200_mails_once(database_url: str, tmp_path: Path) -> None:
    people = [f"person{n}@example.com" for n in range(200)]
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with (
        MailServer.running() as server,
        Service(database_url, folders[0], SMTP_URL=server.url, RATE_LIMITS="off") as one,
        Service(database_url, folders[1], SMTP_URL=server.url, RATE_LIMITS="off") as two,
        ThreadPoolExecutor(8) as threads,
    ):
        list(threads.map(sign_up, [one, two] * 100, people))
        server.wait_for(200)
        for service in (one, two):
            service.stop()
            assert "(verify_email) was sent" in service.log()
        assert Counter(str(mail["To"]) for mail in server.mails) == dict.fromkeys(people, 1)
