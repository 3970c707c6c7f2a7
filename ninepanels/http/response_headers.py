"""Headers that responses have in common, as they are sent."""

Header = tuple[bytes, bytes]

# A response of the API is data: a browser that shows it as a page loads and runs nothing from it.
DEFAULTS: tuple[Header, ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""The headers of each response that does not set them itself."""

# Without includeSubDomains, because other services below this host name may not offer HTTPS.
DEFAULTS_OVER_HTTPS = (*DEFAULTS, (b"strict-transport-security", b"max-age=31536000"))

IDEMPOTENCY_KEY = "Idempotency-Key"
IDEMPOTENT_REPLAYED = "Idempotent-Replayed"
REPLAYED: Header = (IDEMPOTENT_REPLAYED.lower().encode(), b"true")
"""The header of a stored response to a repeated request. Stripe's API has given it this name."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of an HTML page: no inline script, no inline style, nothing from another host."""
