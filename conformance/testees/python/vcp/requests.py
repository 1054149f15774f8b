"""The members of a request, and their faults (READING.md, section 15)."""

import base64
import binascii

from .faults import ROOT, Refused
from .times import read_time


def input_bytes(request):
    """Return the bytes of the input, given as text or in base64."""
    if request.get("input_text") is not None:
        return string(request, "input_text").encode("utf-8", "surrogatepass")
    if request.get("input_base64") is None:
        raise refused("VCP_E005", "input_text")
    return from_base64(string(request, "input_base64"))


def from_base64(text):
    """Decode padded base64, of which only the one canonical spelling is accepted."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise refused("VCP_E001", "input_base64") from error
    if base64.b64encode(data).decode("ascii") != text:
        raise refused("VCP_E001", "input_base64")
    return data


def word(request, name, words):
    """Return a required member that is one of some words."""
    if request.get(name) is None:
        raise refused("VCP_E005", name)
    if not isinstance(request[name], str) or request[name] not in words:
        raise refused("VCP_E004", name)
    return request[name]


def now(request):
    """Return the time `now`, or None if it is absent."""
    if request.get("now") is None:
        return None
    time = read_time(string(request, "now"))
    if time is None:
        raise refused("VCP_E001", "now")
    return time


def string(request, name):
    """Return a member that must be a string."""
    if not isinstance(request[name], str):
        raise refused("VCP_E004", name)
    return request[name]


def refused(code, name):
    """Make the refusal of a member of the request."""
    return Refused(code, ROOT.to(name))
