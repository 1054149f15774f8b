"""The schemes with one header or token (SIGNATURES.md 6.1 to 6.4 and 6.6 to 6.9).

Each function checks the structure of a signature and returns a `Proof`.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from ..texts import base64_bytes, raw
from .encodings import (
    LARGEST_SECONDS,
    digits,
    hex_bytes,
    percent_decoded,
    query_pairs,
    without_fragment,
)
from .faults import check

RETELL = re.compile(r"v=([0-9]+),d=([0-9a-f]{64})")
BEARER = "Bearer "


@dataclass
class Proof:
    """What a request shows: signatures of one of several texts, or a token."""

    algorithm: str = "sha256"
    texts: list = field(default_factory=list)
    signatures: list = field(default_factory=list)
    token: bytes | None = None
    signed: int | None = None
    body_hash: bytes | None = None

    def matches(self, key):
        """Says whether a key made a signature or is the token, in constant time."""
        if self.token is not None:
            return hmac.compare_digest(self.token, key)
        digests = [hmac.new(key, text, self.algorithm).digest() for text in self.texts]
        equal = [hmac.compare_digest(d, s) for d in digests for s in self.signatures]
        return any(equal)

    def hash_is_right(self, body):
        """Says whether the signed hash, if there is one, is that of the body."""
        if self.body_hash is None:
            return True
        return hmac.compare_digest(self.body_hash, hashlib.sha256(body).digest())


def retell(request, _config):
    """Reads `x-retell-signature` (6.1)."""
    found = RETELL.fullmatch(request.header("x-retell-signature"))
    check(found, "VCP_E203")
    time, signature = found.groups()
    check(digits(time) is not None and (time == "0" or time[0] != "0"), "VCP_E203")
    text = request.body + raw(time)
    return Proof(texts=[text], signatures=[bytes.fromhex(signature)], signed=int(time))


def elevenlabs(request, _config):
    """Reads `elevenlabs-signature` (6.2)."""
    parts = request.header("elevenlabs-signature").split(",")
    times = [part.removeprefix("t=") for part in parts if part.startswith("t=")]
    check(len(times) == 1, "VCP_E203")
    seconds = digits(times[0], LARGEST_SECONDS)
    check(seconds is not None, "VCP_E203")
    found = [hex_bytes(part.removeprefix("v0="), 32) for part in parts if part.startswith("v0=")]
    signatures = [signature for signature in found if signature is not None]
    check(signatures, "VCP_E203")
    text = raw(times[0]) + b"." + request.body
    return Proof(texts=[text], signatures=signatures, signed=seconds * 1000)


def standard_webhooks(request, _config):
    """Reads the three headers of Standard Webhooks (6.3)."""
    message_id = request.header("webhook-id")
    time = request.header("webhook-timestamp")
    entries = request.header("webhook-signature")
    check(message_id and "." not in message_id, "VCP_E203")
    seconds = digits(time, LARGEST_SECONDS)
    check(seconds is not None and entries.isascii(), "VCP_E203")
    found = [base64_bytes(entry.removeprefix("v1,"), 32) for entry in entries.split(" ")]
    signatures = [signature for signature in found if signature is not None]
    check(signatures, "VCP_E203")
    text = raw(message_id) + b"." + raw(time) + b"." + request.body
    return Proof(texts=[text], signatures=signatures, signed=seconds * 1000)


def bland(request, _config):
    """Reads `x-webhook-signature` (6.4)."""
    signature = hex_bytes(request.header("x-webhook-signature"), 32)
    check(signature is not None, "VCP_E203")
    return Proof(texts=[request.body], signatures=[signature])


def token_in_header(request, name, has_prefix):
    """Reads a token in a header (6.6)."""
    value = request.header(name)
    if has_prefix:
        check(value.startswith(BEARER), "VCP_E203")
        value = value.removeprefix(BEARER)
    check(value, "VCP_E203")
    return Proof(token=raw(value))


def or_default(value, default):
    """Returns a setting, or the default of the scheme."""
    return default if value is None else value


def bearer(request, config):
    """Reads a bearer token (6.6)."""
    name = or_default(config.header, "authorization")
    return token_in_header(request, name, or_default(config.bearer_prefix, True))


def header(request, config):
    """Reads a token that is a header of its own (6.7)."""
    name = or_default(config.header, "x-secret")
    return token_in_header(request, name, or_default(config.bearer_prefix, False))


def url_token(request, config):
    """Reads a token in the query of the URL (6.8)."""
    pairs = query_pairs(request.needed("url"))
    values = [value for name, value in pairs if name == config.param]
    check(values, "VCP_E202")
    check(len(values) == 1 and values[0], "VCP_E203")
    return Proof(token=percent_decoded(raw(values[0])))


def path_token(request, _config):
    """Reads a token that is the last piece of the path (6.9)."""
    rest = without_fragment(request.needed("url")).split("?", 1)[0]
    if "://" in rest:
        rest = rest.partition("://")[2].partition("/")[2]
    piece = rest.rpartition("/")[2]
    check(piece, "VCP_E202")
    return Proof(token=percent_decoded(raw(piece)))
