"""The scheme `twilio` (SIGNATURES.md 6.10)."""

import hashlib

from ..faults import Refused
from ..texts import base64_bytes, fold, raw
from .encodings import TRIMMED, hex_bytes, percent_decoded, query_pairs, without_fragment
from .faults import check
from .schemes import Proof

SETTINGS = "x-twilio-webhooks-signature-settings"
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
FORM = "application/x-www-form-urlencoded"
MOST_PARAMETERS = 1000


def at_most_one(request, name):
    """Returns the value of a header that may be absent, or None."""
    values = request.values(name)
    check(len(values) <= 1, "VCP_E203")
    return values[0] if values else None


def read_algorithm(request):
    """Returns the algorithm that the settings name."""
    settings = at_most_one(request, SETTINGS)
    parts = [part.strip(TRIMMED) for part in (settings or "").split(",")]
    names = [part.partition("=")[2] for part in parts if part.startswith("algorithm=")]
    check(len(names) <= 1 and all(name in ALGORITHMS for name in names), "VCP_E203")
    return ALGORITHMS[names[0]] if names else "sha1"


def read_body(request, content_type):
    """Returns the signed hash of the body, or None, and the joined parameters."""
    media_type = None
    if content_type is not None:
        media_type = fold(content_type.split(";", 1)[0].strip(TRIMMED))
    pairs = query_pairs(request.url)
    hashes = [value for name, value in pairs if name == "bodySHA256"]
    joined = b""
    if media_type == FORM or (media_type is None and not hashes):
        joined = parameters(request.body)
        if joined or not hashes:
            return None, joined
    if not hashes:
        check(not request.body, "VCP_E202")
        return None, joined
    check(len(set(hashes)) == 1, "VCP_E203")
    body_hash = hex_bytes(hashes[0], 32)
    check(body_hash is not None, "VCP_E203")
    return body_hash, joined


def parameters(body):
    """Returns the sorted parameters of the body, joined."""
    pieces = [piece for piece in body.split(b"&") if piece]
    check(len(pieces) <= MOST_PARAMETERS, "VCP_E203")
    pairs = {tuple(map(decoded, piece.partition(b"=")[::2])) for piece in pieces}
    return b"".join(name + value for name, value in sorted(pairs))


def decoded(text):
    """Decodes a name or a value of a form."""
    return percent_decoded(text.replace(b"+", b" "))


def spellings(url):
    """Returns the URL as it is, and with its port removed or added."""
    scheme, separator, rest = url.partition("://")
    ends = [rest.index(mark) for mark in "/?" if mark in rest]
    authority = rest[: min(ends)] if ends else rest
    behind = rest[len(authority) :]
    host_at = max(authority.rfind("]"), authority.rfind("@")) + 1
    colon = authority.find(":", host_at)
    if colon >= 0:
        other = authority[:colon]
    else:
        other = authority + (":443" if fold(scheme) in ("https", "wss") else ":80")
    return [url, scheme + separator + other + behind]


def twilio(request, _config):
    """Reads `x-twilio-signature`."""
    algorithm = read_algorithm(request)
    length = hashlib.new(algorithm).digest_size
    signature = base64_bytes(request.header("x-twilio-signature"), length)
    check(signature is not None, "VCP_E203")
    url = without_fragment(request.needed("url"))
    scheme, separator, _ = url.partition("://")
    if not separator or not (scheme.isascii() and scheme.isalpha()):
        raise Refused("VCP_E210")
    body_hash, joined = read_body(request, at_most_one(request, "content-type"))
    texts = [raw(spelling) + joined for spelling in spellings(url)]
    return Proof(algorithm, texts, [signature], body_hash=body_hash)
