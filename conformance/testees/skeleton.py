#!/usr/bin/env python3
"""The beginning of a testee: it speaks the protocol and supports one function."""

import json
import sys

# The white space of Unicode (`White_Space`). `str.strip` alone removes other characters too.
WHITE_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"
WHITE_SPACE += "".join(chr(code) for code in range(0x2000, 0x200B))
DIRECTIONS = {
    "inbound": "inbound",
    "incoming": "inbound",
    "outbound": "outbound",
    "outgoing": "outbound",
}


class Refused(Exception):
    """A fault of a request: its code and its place."""


def required(request, name, kind):
    """Returns a member of a request. A null member counts as absent."""
    value = request.get(name)
    if value is None:
        raise Refused("VCP_E005", f"$.{name}")
    if not isinstance(value, kind):
        raise Refused("VCP_E004", f"$.{name}")
    return value


def lower(word):
    """Folds the case of ASCII letters only."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)


def hello(request):
    if json.dumps(request.get("protocol", 1)) != "1":
        return {"unsupported": "another protocol"}
    return {"ok": {"implementation": "mine", "ops": list(OPERATIONS), "features": []}}


def normalize(request):
    name, args = required(request, "fn", str), required(request, "args", list)
    if name != "direction":
        return {"unsupported": name}
    if not args:
        raise Refused("VCP_E005", "$.args")
    if not isinstance(args[0], str):
        raise Refused("VCP_E004", "$.args")
    return {"ok": {"value": DIRECTIONS.get(lower(args[0].strip(WHITE_SPACE)))}}


OPERATIONS = {"hello": hello, "normalize": normalize}


def answer(line):
    try:
        request = json.loads(line.decode())
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        request = {}
    seq, name = request.get("seq"), request.get("op")
    if "seq" not in request or not isinstance(name, str):
        return {"seq": seq, "error": {"code": "VCP_E007"}}
    if name not in OPERATIONS:
        return {"seq": seq, "unsupported": name}
    try:
        return {"seq": seq, **OPERATIONS[name](request)}
    except Refused as fault:
        code, place = fault.args
        return {"seq": seq, "error": {"code": code, "field_path": place}}


for line in sys.stdin.buffer:
    print(json.dumps(answer(line)), flush=True)
