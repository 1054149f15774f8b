"""The members of a request, and their faults (READING.md, section 15)."""

from .faults import ROOT, Refused
from .texts import base64_bytes, raw
from .times import read_timestamp


def content(request, name="input"):
    """Return the bytes of the input or of another content, given as text or in base64."""
    text = member(request, f"{name}_text", str)
    if text is not None:
        return raw(text)
    encoded = member(request, f"{name}_base64", str)
    if encoded is None:
        raise refused("VCP_E005", f"{name}_text")
    data = base64_bytes(encoded)
    if data is None:
        raise refused("VCP_E001", f"{name}_base64")
    return data


def word(request, name, words, default=None):
    """Return a member that is one of some words. Without a default it is required."""
    found = member(request, name, str)
    if found is None and default is None:
        raise refused("VCP_E005", name)
    found = default if found is None else found
    if found not in words:
        raise refused("VCP_E004", name)
    return found


def time(request, name):
    """Return a timestamp, or None if it is absent."""
    text = member(request, name, str)
    timestamp = read_timestamp(text) if text is not None else None
    if text is not None and timestamp is None:
        raise refused("VCP_E001", name)
    return timestamp


def required(request, name, kind):
    """Return a member that must be there, and of a type."""
    value = member(request, name, kind)
    if value is None:
        raise refused("VCP_E005", name)
    return value


def member(request, name, kind):
    """Return a member that must be of a type, or None if it is absent. Null is absent."""
    value = request.get(name)
    if value is not None and type(value) is not kind:
        raise refused("VCP_E004", name)
    return value


def refused(code, *names):
    """Make the refusal of a member of the request, given by the names that lead to it."""
    return Refused(code, ROOT.down(names))
