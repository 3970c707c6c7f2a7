"""Posts JSON to the webhook of the settings."""

import asyncio
from http import HTTPStatus

import httpx2

from .. import exceptions

TIMEOUT_S = 5.0


class Webhook:
    """The operator's webhook; with an empty URL, nothing is posted."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def post(self, body: str) -> None:
        """Post a JSON document, within TIMEOUT_S. Redirects are not followed.

        Raises:
            WebhookUnavailable: no response, or a temporary error.
            WebhookRejected: a permanent error; a retry would not help.
        """
        if not self._url:
            return
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status = await self._post(body)
        except (httpx2.HTTPError, OSError, TimeoutError) as error:
            # The error's own message may contain the URL, which may contain a secret.
            raise exceptions.WebhookUnavailable(context_msg=type(error).__name__) from None
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise exceptions.WebhookUnavailable(context_msg=f"status {status}")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise exceptions.WebhookRejected(context_msg=f"status {status}")

    async def _post(self, body: str) -> int:
        headers = {"Content-Type": "application/json"}
        async with (
            # Proxies of the environment are not used, because the URL is on this machine or uses TLS.
            httpx2.AsyncClient(trust_env=False, follow_redirects=False) as client,
            # Streamed, because the body is not needed and could be endless.
            client.stream("POST", self._url, content=body, headers=headers) as response,
        ):
            return response.status_code
