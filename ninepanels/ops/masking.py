"""Hides the secrets in URLs that are shown."""

from sqlalchemy import make_url

HARMLESS_PARAMETERS = {
    *("application_name", "channel_binding", "client_encoding", "connect_timeout", "gssencmode", "host", "hostaddr"),
    *("keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "port", "sslmode", "sslrootcert"),
    *("target_session_attrs", "tcp_user_timeout"),
}
"""The parameters whose values are shown. That of any other may be a secret."""


def mask(url: str) -> str:
    """Return a URL without its password, and without the values of parameters that are not in HARMLESS_PARAMETERS."""
    parsed = make_url(url)
    query = {name: value if name in HARMLESS_PARAMETERS else "hidden" for name, value in parsed.query.items()}
    return parsed.set(query=query).render_as_string(hide_password=True)
