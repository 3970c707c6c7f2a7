"""The client addresses of requests, for rate limits, audit events and routes that only answer the local machine."""

import ipaddress

from fastapi import Request
from fastapi.requests import HTTPConnection

from ..config import is_loopback

NETWORKS = ("address", "56", "48")
"""The names of the networks of an address, from the smallest to the largest.

A customer of IPv6 gets at least a /64, usually a /56 and sometimes a /48, and can use a new address of it each time.
"""
_IPV6_PREFIXES = (64, 56, 48)


def networks_of(request: HTTPConnection) -> tuple[str, ...]:
    """Return the client's IPv4 address, or the three NETWORKS of its IPv6 address.

    Forwarded addresses count only from TRUSTED_PROXIES.
    """
    if request.client is None:
        return ("unknown",)
    address = _read(request.client.host)
    if address is None:
        return (request.client.host,)
    if isinstance(address, ipaddress.IPv4Address):
        return (str(address),)
    return tuple(str(ipaddress.ip_network((int(address), prefix), strict=False)) for prefix in _IPV6_PREFIXES)


def of(request: HTTPConnection) -> str | None:
    """Return the client's address, or None if it has none, as on a Unix socket.

    It is an IPv4 address also on a socket for both families, and has no IPv6 zone, which would be of any length.
    """
    if request.client is None:
        return None
    return str(_read(request.client.host) or request.client.host)


def _read(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address without its IPv6 zone, an IPv4 address also if it is mapped, or None if it is none."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None) or address


def is_local(request: Request) -> bool:
    """Return whether the request comes from this machine and was not forwarded by a proxy."""
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"} & set(request.headers)
    return request.client is not None and is_loopback(request.client.host) and not forwarded
