"""The scheme `hmac` with its settings (SIGNATURES.md 6.5)."""

import hashlib
import re

from ..texts import base64_bytes, raw
from .encodings import LARGEST_SECONDS, digits, hex_bytes
from .faults import check
from .schemes import Proof

PLACEHOLDER = re.compile(r"\{(body|timestamp|id|svix-id|method|url)\}")
ID = ("id", "svix-id")
TIME = ("timestamp",)
DIGIT = re.compile("[0-9]")
MILLISECOND_DIGITS = 13


def format_of(config):
    """Returns the format of the signed text."""
    if config.payload_format is not None:
        return config.payload_format
    return "{timestamp}.{body}" if config.include_timestamp else "{body}"


def check_format(config):
    """Checks that a format contains the body (step 2)."""
    check("{body}" in format_of(config), "VCP_E210")


def check_settings(config):
    """Checks that the settings fit together (step 3b)."""
    names = set(PLACEHOLDER.findall(format_of(config)))
    check(("timestamp" in names) == config.include_timestamp, "VCP_E210")
    has_id = bool(names & set(ID))
    check(has_id == (config.message_id_header is not None), "VCP_E210")
    pieces = PLACEHOLDER.split(format_of(config))
    for index in places_of(ID, pieces):
        check(index == 1 or pieces[index - 1], "VCP_E210")
        check(index == len(pieces) - 2 or pieces[index + 1], "VCP_E210")
    for index in places_of(TIME, pieces):
        check(not DIGIT.match(pieces[index - 1][-1:]), "VCP_E210")
        check(not DIGIT.match(pieces[index + 1][:1]), "VCP_E210")
        check(pieces[index + 1 : index + 3] != ["", "timestamp"], "VCP_E210")


def read_signature(request, config):
    """Returns the bytes of the signature."""
    value = request.header(config.signature_header)
    check(value.startswith(config.prefix), "VCP_E203")
    decode = hex_bytes if config.encoding == "hex" else base64_bytes
    length = hashlib.new(config.algorithm).digest_size
    signature = decode(value.removeprefix(config.prefix), length)
    check(signature is not None, "VCP_E203")
    return signature


def read_timestamp(request, config):
    """Returns the text of the timestamp, and its milliseconds."""
    text = request.header(config.timestamp_header)
    value = digits(text)
    check(value is not None, "VCP_E203")
    if len(text) == MILLISECOND_DIGITS:
        return text, value
    check(value <= LARGEST_SECONDS, "VCP_E203")
    return text, value * 1000


def value_of(name, request, config, timestamp):
    """Returns the bytes that a placeholder stands for."""
    if name == "body":
        return request.body
    if name == "timestamp":
        return raw(timestamp)
    if name in ID:
        return raw(request.header(config.message_id_header))
    return raw(request.needed(name))


def places_of(names, pieces):
    """Returns the indices of some placeholders among the pieces of a format."""
    return [index for index in range(1, len(pieces), 2) if pieces[index] in names]


def check_ids(pieces, values):
    """Checks that no id could begin or end elsewhere."""
    for index in places_of(ID, pieces):
        before, value, behind = values[index - 1 : index + 2]
        check(not before or before not in (before + value)[1:], "VCP_E203")
        check(not behind or behind not in (value + behind)[:-1], "VCP_E203")


def check_times(pieces, values):
    """Checks that no digit is next to a time."""
    for index in places_of(TIME, pieces):
        check(not b"".join(values[:index])[-1:].isdigit(), "VCP_E203")
        check(not b"".join(values[index + 1 :])[:1].isdigit(), "VCP_E203")


def hmac_scheme(request, config):
    """Reads a signature whose form the user chose."""
    signature, timestamp, signed = read_signature(request, config), None, None
    if config.include_timestamp:
        timestamp, signed = read_timestamp(request, config)
    pieces = PLACEHOLDER.split(format_of(config))
    values = [
        value_of(piece, request, config, timestamp) if index % 2 else raw(piece) for index, piece in enumerate(pieces)
    ]
    check_ids(pieces, values)
    check_times(pieces, values)
    return Proof(config.algorithm, [b"".join(values)], [signature], signed=signed)
