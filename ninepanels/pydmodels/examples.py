"""Examples of response bodies, all of one imaginary installation on 2026-11-23 at 12:00 UTC.

`tests/openapi/test_examples.py` makes the installation, sends the example of each operation and compares the responses.
"""

from typing import Any

JsonObject = dict[str, Any]

ABOUT: JsonObject = {
    "name": "Nine Panels",
    "version": "5.2.0",
    "branch": "main",
    "commit": "9cfdc6b3f6a0c1d2e3f405162738495a6b7c8d9e",
    "release_date": "2026-11-20T09:30:00Z",
}
SUCCESS: JsonObject = {"success": True}
TOKEN: JsonObject = {
    "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.JN1dSBvzYLcNkN3oC3yQ7hqR6sOxg0yKD8sRVr9pkZ4",
    "token_type": "bearer",
    "expires_in": 2_592_000,
}
VERIFICATION_TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.Qm1x2hZcV0r8dJ7s3nT5uW9yA4bE6gK1pL0oI2fXvRk"
NEW_LOGIN: JsonObject = SUCCESS | TOKEN

TOTP_STATE: JsonObject = {"is_on": False, "recovery_codes_left": 0}
TOTP_SECRET: JsonObject = {
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "otpauth_uri": "otpauth://totp/Nine%20Panels:ada%40example.com"
    "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Nine%20Panels",
}
RECOVERY_CODES: JsonObject = {"recovery_codes": ["h4qd2x-9sfj7w-kcb3rt-m8vzpn", "w7m2ke-d5xtyr-83hqgf-zb6jcv"]}

USER: JsonObject = {
    "id": 1,
    "email": "ada@example.com",
    "name": "Ada",
    "is_admin": False,
    "timezone": "Europe/Berlin",
    "day_starts_at": 0,
    "created_at": "2026-11-21T08:00:00Z",
    "last_login": "2026-11-21T08:00:00Z",
    "last_activity": "2026-11-23T12:00:00Z",
    "is_email_verified": True,
    "new_email": None,
}
CHANGED_USER: JsonObject = USER | {"name": "Ada Lovelace", "day_starts_at": 4}
ADMIN: JsonObject = USER | {"id": 2, "email": "grace@example.com", "name": "Grace", "is_admin": True}
NEW_USER: JsonObject = USER | {
    "id": 3,
    "email": "eve@example.com",
    "name": "Eve",
    "created_at": "2026-11-23T12:00:00Z",
    "last_login": None,
    "last_activity": None,
}

AUDIT_EVENT: JsonObject = {
    "id": 1,
    "created_at": "2026-11-23T12:00:00Z",
    "action": "route_updated",
    "actor_id": 2,
    "target_id": None,
    "address": "127.0.0.1",
    "details": ["GET_/panels", "alert_threshold_ms"],
}

SESSIONS: list[JsonObject] = [
    {
        "id": "5d0e6f5b-8f0c-4d3e-9c55-0a3f1c9b7f42",
        "created_at": "2026-11-21T08:00:00Z",
        "last_used_at": "2026-11-23T12:00:00Z",
        "user_agent": "Firefox on Windows",
        "is_current": True,
    },
    {
        "id": "c2a1b7de-4a52-4a0f-8d7a-5f0c3b9e6d11",
        "created_at": "2026-11-23T12:00:00Z",
        "last_used_at": "2026-11-23T12:00:00Z",
        "user_agent": "Safari on iPhone",
        "is_current": False,
    },
]

PANEL: JsonObject = {
    "id": 1,
    "user_id": 1,
    "title": "Read 20 pages",
    "description": "Any book counts.",
    "position": 0,
    "created_at": "2026-11-21T08:00:00Z",
    "is_complete": True,
}
CHANGED_PANEL: JsonObject = PANEL | {"title": "Read 30 pages", "position": 1}
SECOND_PANEL: JsonObject = PANEL | {
    "id": 2,
    "title": "Stretch",
    "description": None,
    "position": 1,
    "is_complete": False,
}
NEW_PANEL: JsonObject = PANEL | {
    "id": 3,
    "title": "Write",
    "description": "One page, by hand.",
    "position": 2,
    "created_at": "2026-11-23T12:00:00Z",
    "is_complete": False,
}

ENTRY: JsonObject = {
    "id": 3,
    "panel_id": 1,
    "is_complete": True,
    "day": "2026-11-22",
    "timestamp": "2026-11-23T12:00:00Z",
}
LATE_ENTRY: JsonObject = ENTRY | {"timestamp": "2026-11-22T21:15:00Z"}
TAP_RESULTS: list[JsonObject] = [
    {"applied": True, "entry": LATE_ENTRY},
    {"error": {"detail": "That day has not started yet in your time zone.", "code": "day_in_the_future"}},
]
CHANGES: JsonObject = {
    "revision": 4,
    "day": "2026-11-23",
    "panels": [PANEL, SECOND_PANEL],
    "entries": [
        ENTRY | {"id": 1, "day": "2026-11-21", "timestamp": "2026-11-21T08:00:00Z"},
        ENTRY | {"id": 2, "day": "2026-11-23", "timestamp": "2026-11-23T12:00:00Z"},
    ],
    "more": False,
}
STREAM = """\
retry: 3184

event: day
data: {"day":"2026-11-23"}

event: revision
data: {"revision":4}
id: 4

"""
HISTORIES: list[JsonObject] = [
    {"panel_id": 1, "first_day": "2026-11-21", "done": ["2026-11-21", "2026-11-23"], "rest": []},
    {"panel_id": 2, "first_day": "2026-11-21", "done": [], "rest": []},
]
HISTORY: list[JsonObject] = [
    {"id": 2, "panel_id": 1, "is_complete": True, "day": "2026-11-23", "timestamp": "2026-11-23"},
    {
        "id": "padded-1-2026-11-22",
        "panel_id": 1,
        "is_complete": False,
        "day": "2026-11-22",
        "timestamp": "2026-11-22",
    },
    {"id": 1, "panel_id": 1, "is_complete": True, "day": "2026-11-21", "timestamp": "2026-11-21"},
]
CONSISTENCY: list[JsonObject] = [
    {
        "panel_id": 1,
        "panel_pos": 0,
        "title": "Read 20 pages",
        "user_id": 1,
        "panel_age": 3,
        "days_complete": 2,
        "consistency": 2 / 3,
    },
    {
        "panel_id": 2,
        "panel_pos": 1,
        "title": "Stretch",
        "user_id": 1,
        "panel_age": 3,
        "days_complete": 0,
        "consistency": 0.0,
    },
]
INSIGHTS: list[JsonObject] = [
    {
        "panel_id": 1,
        "position": 0,
        "title": "Read 20 pages",
        "first_day": "2026-11-21",
        "current_run": {"length": 1, "first": "2026-11-23", "last": "2026-11-23"},
        "longest_run": {"length": 1, "first": "2026-11-23", "last": "2026-11-23"},
        "consistency": [{"span": span, "days": 3, "done": 2, "share": 2 / 3} for span in (7, 30, 90, 365, None)],
        "by_weekday": [
            {"weekday": 1, "days": 1, "done": 1, "share": 1.0},
            *({"weekday": weekday, "days": 0, "done": 0, "share": None} for weekday in range(2, 6)),
            {"weekday": 6, "days": 1, "done": 1, "share": 1.0},
            {"weekday": 7, "days": 1, "done": 0, "share": 0.0},
        ],
        "by_month": [{"month": "2026-11", "days": 3, "done": 2, "share": 2 / 3}],
    },
    {
        "panel_id": 2,
        "position": 1,
        "title": "Stretch",
        "first_day": "2026-11-21",
        "current_run": None,
        "longest_run": None,
        "consistency": [{"span": span, "days": 3, "done": 0, "share": 0.0} for span in (7, 30, 90, 365, None)],
        "by_weekday": [
            {"weekday": 1, "days": 1, "done": 0, "share": 0.0},
            *({"weekday": weekday, "days": 0, "done": 0, "share": None} for weekday in range(2, 6)),
            {"weekday": 6, "days": 1, "done": 0, "share": 0.0},
            {"weekday": 7, "days": 1, "done": 0, "share": 0.0},
        ],
        "by_month": [{"month": "2026-11", "days": 3, "done": 0, "share": 0.0}],
    },
]

ROUTE: JsonObject = {
    "id": 12,
    "created_at": "2026-11-23T12:00:00Z",
    "method": "GET",
    "path": "/panels",
    "method_path": "GET_/panels",
    "count": 2,
    "avg": 1.75,
    "p50": 1.75,
    "p95": 1.975,
    "p99": 1.995,
    "min": 1.5,
    "max": 2.0,
    "last": 2.0,
    "alert_threshold_ms": 200.0,
    "in_alert": False,
    "alert_id": None,
}
ROUTE_TIMINGS: JsonObject = {
    "readings": [2.0, 1.5],
    "timestamps": ["2026-11-23T11:59:30Z", "2026-11-23T11:59:00Z"],
}

HEALTH: JsonObject = {"status": "ok"}
READINESS: JsonObject = HEALTH | {
    "database": "ok",
    "schema_revision": "e6c39f40b812",
    "event_worker": "ok",
    "heartbeat_age_s": 0.412,
    "queue_depth": 0,
}
