"""Whose tries are counted together: the address a request comes from."""

import ipaddress

from fastapi import Request

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
