"""The client addresses of requests, for rate limits and for routes that only answer the local machine."""

import ipaddress

from fastapi import Request
from fastapi.requests import HTTPConnection

from ..config import is_loopback

# Limits count IPv6 networks: a customer gets at least a /64 and can use a new address for every attempt.
IPV6_PREFIX = 64


def of(request: HTTPConnection) -> str:
    """Return the client's IPv4 address or IPv6 network. Forwarded addresses count only from TRUSTED_PROXIES."""
    if request.client is None:
        return "unknown"
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return request.client.host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), IPV6_PREFIX), strict=False))


def is_local(request: Request) -> bool:
    """Return whether the request comes from this machine and was not forwarded by a proxy."""
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"} & set(request.headers)
    return request.client is not None and is_loopback(request.client.host) and not forwarded
