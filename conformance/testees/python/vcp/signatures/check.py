"""The checks of a verification, in their order (SIGNATURES.md 3)."""

from ..texts import base64_bytes, raw
from ..times import Time
from . import hmac_scheme, livekit, schemes, twilio
from .addresses import check_source
from .faults import Unsupported, check
from .request import read_request, scheme_of

READERS = {
    "retell": schemes.retell,
    "elevenlabs": schemes.elevenlabs,
    "standard_webhooks": schemes.standard_webhooks,
    "bland": schemes.bland,
    "hmac": hmac_scheme.hmac_scheme,
    "bearer": schemes.bearer,
    "header": schemes.header,
    "url_token": schemes.url_token,
    "path_token": schemes.path_token,
    "twilio": twilio.twilio,
    "livekit": livekit.livekit,
}
# The oldest age and the furthest time ahead, in milliseconds (SIGNATURES.md 5, "The time").
WINDOWS = {
    "retell": (300_000, 300_000),
    "standard_webhooks": (300_000, 300_000),
    "hmac": (300_000, 300_000),
    "elevenlabs": (1_800_000, 300_000),
}
LONGEST_TOLERANCE = 86_400
WHSEC = "whsec_"


def verify(request):
    """Answers a request `verify`."""
    try:
        return {"ok": verified(read_request(request))}
    except Unsupported as reason:
        return {"unsupported": str(reason)}


def verified(request):
    """Makes the checks, and returns the members of `ok`."""
    scheme = scheme_of(request)
    keys = check_configuration(request, scheme)
    if not keys:
        return {"outcome": "nothing_to_verify"}
    proof = READERS[scheme](request, request.config)
    matching = [key_id for key_id, key in keys if proof.matches(key)]
    check(matching, "VCP_E204")
    key_id = matching[0]
    if scheme == "livekit":
        key_id = livekit.check_claims(proof, matching)
    check(proof.hash_is_right(request.body), "VCP_E208")
    check_time(request, scheme, proof)
    return {"outcome": "verified", "key_id": key_id, "signed_at": signed_at(proof.signed)}


def check_configuration(request, scheme):
    """Checks the settings and the address (steps 2 to 6), and returns the keys."""
    config, keys = request.config, []
    if scheme == "hmac":
        hmac_scheme.check_format(config)
    if request.secrets:
        check(scheme is not None, "VCP_E210")
        if scheme == "hmac":
            hmac_scheme.check_settings(config)
        keys = [(key_id, key_of(scheme, config, secret)) for key_id, secret in request.secrets]
    tolerance = config.tolerance_sec
    check(tolerance is None or 1 <= tolerance <= LONGEST_TOLERANCE, "VCP_E210")
    check_source(config.allow_from, request.source)
    return keys


def key_of(scheme, config, secret):
    """Returns the key of a secret (SIGNATURES.md 5, "Keys")."""
    if scheme == "standard_webhooks" and secret.startswith(WHSEC):
        key = base64_bytes(secret.removeprefix(WHSEC))
    elif scheme == "hmac" and config.secret_is_base64:
        key = base64_bytes(secret)
    else:
        key = raw(secret)
    check(key, "VCP_E210")
    return key


def check_time(request, scheme, proof):
    """Checks the time of signing (step 11)."""
    if scheme == "livekit":
        livekit.check_window(proof, request.now)
    elif scheme in WINDOWS and proof.signed is not None:
        oldest, ahead = WINDOWS[scheme]
        if request.config.tolerance_sec is not None:
            oldest = request.config.tolerance_sec * 1000
            ahead = ahead if scheme == "elevenlabs" else oldest
        age = request.now - proof.signed
        check(age <= oldest, "VCP_E205")
        check(-age <= ahead, "VCP_E206")


def signed_at(milliseconds):
    """Writes the time of signing, or returns None outside the years 1 to 9999."""
    return None if milliseconds is None else Time(milliseconds * 1_000_000).text()
