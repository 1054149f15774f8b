#!/usr/bin/env python3
"""The beginning of a testee: it speaks the protocol and supports one function."""

import json
import sys

DIRECTIONS = {"inbound": "inbound", "incoming": "inbound", "outbound": "outbound", "outgoing": "outbound"}


def hello(request):
    return {"ok": {"implementation": "mine", "ops": list(OPERATIONS), "features": []}}


def normalize(request):
    if request["fn"] != "direction":
        return {"unsupported": request["fn"]}
    return {"ok": {"value": DIRECTIONS.get(request["args"][0].strip().lower())}}


OPERATIONS = {"hello": hello, "normalize": normalize}


def answer(line):
    try:
        request = json.loads(line)
        seq, operation = request["seq"], OPERATIONS.get(request["op"])
    except (ValueError, KeyError, TypeError):
        return {"seq": None, "error": {"code": "VCP_E007"}}
    if operation is None:
        return {"seq": seq, "unsupported": request["op"]}
    return {"seq": seq, **operation(request)}


for line in sys.stdin.buffer:
    print(json.dumps(answer(line)), flush=True)
