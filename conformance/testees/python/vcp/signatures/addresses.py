"""Lists of addresses (SIGNATURES.md 7)."""

import ipaddress

from ..faults import Refused
from .encodings import digits
from .faults import check

MAPPED_PREFIX = 96


def read_address(text):
    """Reads an address without a zone, or returns None."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def unmapped(address):
    """Returns an IPv4-mapped address as its IPv4 address."""
    return getattr(address, "ipv4_mapped", None) or address


def read_network(text):
    """Reads an entry of a list: an address, or an address with a prefix."""
    address_text, slash, prefix_text = text.partition("/")
    address = read_address(address_text)
    check(address is not None, "VCP_E210")
    prefix = digits(prefix_text) if slash else address.max_prefixlen
    check(prefix is not None and prefix <= address.max_prefixlen, "VCP_E210")
    if unmapped(address) is not address:
        check(prefix >= MAPPED_PREFIX, "VCP_E210")
        address, prefix = unmapped(address), prefix - MAPPED_PREFIX
    try:
        return ipaddress.ip_network((address, prefix))
    except ValueError:
        raise Refused("VCP_E210") from None


def check_source(allow_from, source):
    """Checks that the sender is on the list, if there is one."""
    if allow_from is None:
        return
    check(allow_from, "VCP_E210")
    networks = [read_network(entry) for entry in allow_from]
    check(source is not None, "VCP_E210")
    check(any(source in network for network in networks), "VCP_E207")
