"""The scheme `livekit` (SIGNATURES.md 6.11)."""

import re
from dataclasses import dataclass, field

from .. import numbers
from ..json_text import NotJson, read_json
from ..texts import base64_bytes, raw
from .encodings import LARGEST_SECONDS, base64url_bytes
from .faults import check
from .schemes import Proof

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
LEEWAY = 60
TEXTS = ("iss", "sub", "jti", "sha256")
TIMES = ("exp", "nbf", "iat")


@dataclass
class Token(Proof):
    """A token with its claims. Times are in seconds."""

    claims: dict = field(default_factory=dict)


def read_object(part):
    """Reads a part of a token as a JSON object, whose names have no lone surrogates."""
    content = base64url_bytes(part)
    check(content is not None, "VCP_E203")
    try:
        node = read_json(content.decode("utf-8"))
        is_object = node.kind == "object"
        for member in node.members():
            member.name.encode("utf-8")
    except (NotJson, UnicodeError):
        is_object = False
    check(is_object, "VCP_E203")
    return node


def only(node, name):
    """Returns a member that appears at most once and is not null, or None."""
    found = [member.value for member in node.members() if member.name == name]
    check(len(found) <= 1, "VCP_E203")
    check(not found or found[0].kind != "null", "VCP_E203")
    return found[0] if found else None


def text(node, name):
    """Returns the string of a member, or None."""
    member = only(node, name)
    if member is None:
        return None
    check(member.string() is not None, "VCP_E203")
    return member.string()


def integer(node, name):
    """Returns the integer of a member, or None."""
    member = only(node, name)
    if member is None:
        return None
    spelled = member.text()
    check(INTEGER.fullmatch(spelled) and spelled != "-0", "VCP_E203")
    check(numbers.integer(spelled) is not None, "VCP_E203")
    return numbers.integer(spelled)


def check_header(part):
    """Checks the first part of a token."""
    node = read_object(part)
    check(text(node, "alg") == "HS256", "VCP_E203")
    text(node, "kid")
    names = [member.name for member in node.members()]
    check("crit" not in names and "b64" not in names, "VCP_E203")


def read_claims(part):
    """Reads the second part of a token."""
    node = read_object(part)
    claims = {name: text(node, name) for name in TEXTS}
    claims.update({name: integer(node, name) for name in TIMES})
    audiences = [member for member in node.members() if member.name == "aud"]
    check(len(audiences) <= 1, "VCP_E203")
    return {**claims, "aud": bool(audiences)}


def livekit(request, _config):
    """Reads the token in `authorization`."""
    parts = request.header("authorization").split(".")
    check(len(parts) == 3, "VCP_E203")
    check_header(parts[0])
    claims = read_claims(parts[1])
    signature = base64url_bytes(parts[2], 32)
    check(signature is not None, "VCP_E203")
    signed_text = raw(f"{parts[0]}.{parts[1]}")
    return Token(texts=[signed_text], signatures=[signature], claims=claims)


def check_claims(token, matching):
    """Checks the claims and the issuer (step 10a), and keeps the signed hash and time."""
    claims = token.claims
    check(not claims["aud"] and claims["iss"] is not None, "VCP_E209")
    body_hash = None if claims["sha256"] is None else base64_bytes(claims["sha256"])
    check(body_hash is not None and claims["exp"] is not None, "VCP_E209")
    times = [claims[name] for name in TIMES if claims[name] is not None]
    check(all(abs(time) <= LARGEST_SECONDS for time in times), "VCP_E209")
    check(claims["iss"] in matching, "VCP_E209")
    token.body_hash = body_hash
    start = claims["iat"] if claims["nbf"] is None else claims["nbf"]
    token.signed = None if start is None else start * 1000
    return claims["iss"]


def check_window(token, now):
    """Checks the time (step 11)."""
    claims = token.claims
    check(now < (claims["exp"] + LEEWAY) * 1000, "VCP_E205")
    for name in ("iat", "nbf"):
        if claims[name] is not None:
            check(claims[name] * 1000 <= now + LEEWAY * 1000, "VCP_E206")
