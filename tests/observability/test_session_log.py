"""The log of a whole session: every line is well-formed and none contains a secret."""

import contextlib
import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ..support.mailbox import Mailbox
from ..support.mailbox import link_in
from ..support.people import data
from ..support.servers import MIGRATE_AND_SERVE
from ..support.servers import SECRET
from ..support.servers import Service
from ..support.servers import wait_for
from ..support.web_server import WebServer

METRICS_TOKEN = "metrics-token-of-the-tests"
HOOK_PATH = "/hooks/T0000/B0000/hook-secret"
DSN_KEY = "dsnkeyofthetests"
PASSWORDS = ["correct horse 1", "battery staple 2", "wrong password 3", "tr0ub4dor 4"]
EMAILS = ["ada.session@example.com", "lovelace.session@example.com", "unknown.session@example.com"]
ADA, LOVELACE, UNKNOWN = EMAILS
FIRST, SECOND, WRONG, THIRD = PASSWORDS


def run_session(service: Service, mailbox: Mailbox, database: Path) -> list[str]:
    """Send all kinds of requests, valid and invalid; return the secrets that the responses contained."""
    client, secrets = service.client, []

    def log_in(email: str, password: str) -> dict[str, str]:
        token = data(client.post("/token", data={"username": email, "password": password}))["access_token"]
        secrets.append(token)
        return {"Authorization": f"Bearer {token}"}

    data(client.post("/users", data={"email": ADA, "name": "Ada", "password": FIRST}))
    assert client.post("/users", json={"email": ADA, "name": "Ada", "password": WRONG}).status_code == 409
    assert client.post("/token", data={"username": UNKNOWN, "password": WRONG}).status_code == 401
    assert client.post("/token", data={"username": ADA, "password": WRONG}).status_code == 401
    assert client.get(f"/token?username={ADA}&password={FIRST}").status_code == 405
    assert client.get(f"/{ADA}?password={FIRST}").status_code == 404
    assert client.post("/users", content=f'{{"password": "{FIRST}", "email"').status_code == 422
    assert client.post("/users", data={FIRST: ADA}).status_code == 422
    ada = log_in(ADA, FIRST)
    assert client.get("/panels", headers={"Authorization": ada["Authorization"] + "x"}).status_code == 401
    panel_id = data(client.post("/panels", json={"title": "Read"}, headers=ada))["id"]
    data(client.post(f"/panels/{panel_id}/entries", json={"is_complete": True}, headers=ada))
    assert client.get("/admin/users", headers=ada).status_code == 403
    change = {"current_password": FIRST, "new_password": SECOND}
    changed = data(client.post("/auth/change_password", json=change, headers=ada))["access_token"]
    secrets.append(changed)
    ada = {"Authorization": f"Bearer {changed}"}
    for password, status in ((WRONG, 403), (SECOND, 200)):
        body = {"email": LOVELACE, "current_password": password}
        assert client.patch("/users", json=body, headers=ada).status_code == status
    data(client.post("/auth/request_password_reset", json={"email": UNKNOWN}))
    data(client.post("/auth/request_password_reset", json={"email": LOVELACE}))
    link = link_in(mailbox.wait_for("new password")[0])
    secrets.append(link["password_reset_token"])
    data(client.post("/auth/password_reset", json=link | {"new_password": THIRD}))
    assert client.post("/auth/password_reset", json=link | {"new_password": THIRD}).status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}).status_code == 200
    body = {"email": UNKNOWN, "name": "Unknown", "password": FIRST}
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other_process:
        # A 503: the database is locked.
        other_process.execute("BEGIN EXCLUSIVE")
        assert client.post("/users", json=body).status_code == 503
        other_process.execute("ROLLBACK")
        # A 500, with a traceback: a table is missing.
        other_process.execute("ALTER TABLE password_reset_tokens RENAME TO renamed")
        assert client.post("/auth/password_reset", json=link | {"new_password": THIRD}).status_code == 500
        other_process.execute("ALTER TABLE renamed RENAME TO password_reset_tokens")
    ada = log_in(LOVELACE, THIRD)
    data(client.post("/auth/logout", headers=ada))
    data(client.request("DELETE", "/users", headers=log_in(LOVELACE, THIRD)))
    return secrets


@pytest.fixture(params=[pytest.param("text", marks=pytest.mark.prove), "json"])
def session(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> tuple[str, list[str], str]:
    """The log of a session at level DEBUG, the secrets that it must not contain, and its format."""
    database = tmp_path / "session.db"
    database.write_bytes(sqlite_template.read_bytes())
    with WebServer.running() as outside:
        settings = {
            "LOG_LEVEL": "DEBUG",
            "LOG_FORMAT": request.param,
            "RATE_LIMITS": "off",
            "METRICS_TOKEN": METRICS_TOKEN,
            "ALERT_EMAILS": UNKNOWN,
            "ALERT_WEBHOOK_URL": outside.url + HOOK_PATH,
            "SENTRY_DSN": outside.url.replace("http://", f"http://{DSN_KEY}@") + "/1",
        }
        with Service(f"sqlite:///{database}", tmp_path, MIGRATE_AND_SERVE, **settings) as service:
            with contextlib.closing(sqlite3.connect(database)) as alerting:
                # Every request exceeds this threshold, so that alerts are raised.
                sample = "INSERT INTO route_settings (method_path, alert_threshold_ms, in_alert) VALUES (?, 0.0001, 0)"
                alerting.executemany(sample, [("POST_/users",), ("POST_/token",)])
                alerting.commit()
            secrets = run_session(service, Mailbox(tmp_path / "mail"), database)
            wait_for(lambda: HOOK_PATH in outside.paths)
            service.stop()
            secrets += [*PASSWORDS, *EMAILS, METRICS_TOKEN, HOOK_PATH, "hook-secret", DSN_KEY, SECRET, "$argon2"]
            return service.log(), secrets, str(request.param)


def test_no_line_contains_a_secret_and_every_line_is_well_formed(session: tuple[str, list[str], str]) -> None:
    log, secrets, form = session
    assert [secret for secret in secrets if secret in log] == []
    assert "EXCEPTION_RAISED" in log
    assert "Traceback (most recent call last)" in log
    assert "ROUTE_ALERT_RAISED" in log
    assert "DatabaseUnavailable" in log
    {"text": assert_text, "json": assert_json}[form](log)


def assert_json(log: str) -> None:
    messages: list[dict[str, Any]] = [json.loads(line) for line in log.splitlines()]
    for message in messages:
        assert datetime.fromisoformat(message["time"]).utcoffset() is not None
        assert message["time"].endswith("Z")
        assert message["level"] in {"DEBUG", "INFO", "WARNING", "ERROR"}
    assert {"uvicorn.error", "ninepanels.queues"} <= {message["logger"] for message in messages}
    outage, error = [message for message in messages if message["message"] == "EXCEPTION_RAISED"]
    for raised, route, status in ((outage, "POST_/users", 503), (error, "POST_/auth/password_reset", 500)):
        same_request = [message["message"] for message in messages if message.get("request_id") == raised["request_id"]]
        assert sorted(same_request) == ["EXCEPTION_RAISED", "TIMING_CREATED"]
        assert (raised["level"], raised["route"], raised["payload"]["status_code"]) == ("ERROR", route, status)
        assert raised["event_id"]
    assert "traceback" not in outage
    assert outage["reason"]
    assert error["traceback"].startswith("Traceback")
    refused = {message["route"] for message in messages if message["message"].startswith("The request was refused")}
    assert {"POST_/users", "POST_/token", "GET_/panels", "PATCH_/users", "GET_/admin/users"} <= refused


def assert_text(log: str) -> None:
    beginning = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (DEBUG|INFO|WARNING|ERROR) ")
    # Only tracebacks have lines without this beginning.
    messages = re.sub(r"^Traceback .*?(?=^\d{4}-)", "", log, flags=re.MULTILINE | re.DOTALL).splitlines()
    assert [line for line in messages if not beginning.match(line)] == []
