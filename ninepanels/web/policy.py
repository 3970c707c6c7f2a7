"""The Content-Security-Policy of the app."""

from ..http.response_headers import PAGE_POLICY

# With Trusted Types, no text from the API can become a script. Only their policy `ninepanels` can make the address of a
# script from text, which the app needs for the service worker.
APP_POLICY = (
    f"{PAGE_POLICY}; manifest-src 'self'; worker-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types ninepanels"
)
