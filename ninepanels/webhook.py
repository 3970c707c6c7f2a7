"""Posts JSON to the address that the operator named."""

import asyncio
from http import HTTPStatus

import httpx2

from . import exceptions

TIMEOUT_S = 5.0


class Webhook:
    """Where alerts are posted to; `main` says."""

    def __init__(self) -> None:
        self._url = ""

    def connect(self, url: str) -> None:
        """Begin to post to an address, or nowhere if it is empty."""
        self._url = url

    async def post(self, body: str) -> None:
        """Post a JSON document; it takes TIMEOUT_S at most, and is not sent on to where a redirect points.

        Raises:
            WebhookAway: there was no answer, or one that says "not now".
            WebhookRefused: the answer is no; asking again would not help.
        """
        if not self._url:
            return
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status = await self._post(body)
        except (httpx2.HTTPError, OSError, TimeoutError) as error:
            # Its own words may hold the address, and that may hold a secret.
            raise exceptions.WebhookAway(context_msg=type(error).__name__) from None
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise exceptions.WebhookAway(context_msg=f"it answered {status}")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise exceptions.WebhookRefused(context_msg=f"it answered {status}")

    async def _post(self, body: str) -> int:
        headers = {"Content-Type": "application/json"}
        # Nobody's proxies: the address is on this machine, or reached by TLS.
        async with (
            httpx2.AsyncClient(trust_env=False, follow_redirects=False) as client,
            # What is answered beyond the status is nothing to us, and might never end.
            client.stream("POST", self._url, content=body, headers=headers) as response,
        ):
            return response.status_code


webhook = Webhook()
