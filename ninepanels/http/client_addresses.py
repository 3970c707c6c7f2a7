"""The address a request comes from: whose tries are counted together, and who is on this machine."""

import ipaddress

from fastapi import Request

from ..config import is_loopback

# One household, one server or one phone is given a whole /64 of these, and can take a new address for every try.
IPV6_PREFIX = 64


def of(request: Request) -> str:
    """Return the client's address, of IPv6 the network; the proxy's word counts only if TRUSTED_PROXIES names it."""
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
    """Tell whether somebody on this machine asks, and not a proxy on it for somebody else."""
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"} & set(request.headers)
    return request.client is not None and is_loopback(request.client.host) and not forwarded
