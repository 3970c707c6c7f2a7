"""Is it this machine?"""

import ipaddress


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: `localhost`, or an address of the loopback ranges."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
