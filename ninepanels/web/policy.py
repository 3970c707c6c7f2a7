"""The Content-Security-Policy of the app."""

from ..http.response_headers import PAGE_POLICY

# With Trusted Types, text from the API cannot become a script. The address of the service worker is text, too. The app
# converts it with the policy `ninepanels` of Trusted Types, the only one that is permitted.
APP_POLICY = (
    f"{PAGE_POLICY}; manifest-src 'self'; worker-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types ninepanels"
)
