#!/usr/bin/env python3
"""A program under test for the protocol vcp-conformance/1, in Python 3.11.

It reads one request per line and writes one answer per line. It needs the standard library only.
The suite is found above this file, or by the environment variable `VCP_SUITE`.
"""

import json
import sys

from vcp import checksums, migrate, normalize, requests, suite
from vcp.faults import ROOT, Refused
from vcp.mapping import map_delivery
from vcp.read import parse, read_text
from vcp.signatures import verify
from vcp.validate import validate
from vcp.write import written


def answer_hello(request):
    """Tell what this implementation can do."""
    return {
        "ok": {
            "implementation": "vcp-python-example",
            "version": "0.1.0",
            "language": "Python",
            "vcp_versions": ["0.3", "0.4", "0.5"],
            "ops": list(OPERATIONS),
            "features": ["report"],
        }
    }


def answer_parse(request):
    """Read a message and write it."""
    root = read_text(requests.content(request))
    parse(root)
    return {"ok": {"version": "0.5", "message_text": written(root)}}


def answer_validate(request):
    """Validate a message."""
    data = requests.content(request)
    profile = requests.word(request, "profile", ("structure", "reference", "canonical"))
    return {"ok": validate(data, profile, requests.time(request, "now"))}


def answer_checksum(request):
    """Compute a checksum."""
    data = requests.content(request)
    algorithm = requests.word(request, "algorithm", checksums.COMPUTERS)
    return {"ok": {"checksum": checksums.checksum(read_text(data), algorithm)}}


def answer_verify_checksum(request):
    """Verify the checksum of a message."""
    return {"ok": checksums.verify(read_text(requests.content(request)))}


def answer_upgrade(request):
    """Upgrade a message."""
    return {"ok": migrate.upgrade(requests.content(request), requests.time(request, "now"))}


def answer_downgrade(request):
    """Downgrade a message."""
    data = requests.content(request)
    mode = requests.word(request, "mode", ("reversible", "plain"), "reversible")
    return {"ok": migrate.downgrade(data, mode)}


def answer_normalize(request):
    """Normalize a single value."""
    name = requests.required(request, "fn", str)
    if name not in normalize.FUNCTIONS:
        return {"unsupported": f"the function {name}"}
    args = requests.required(request, "args", list)
    return {"ok": {"value": normalize.FUNCTIONS[name](args)}}


OPERATIONS = {
    "hello": answer_hello,
    "parse": answer_parse,
    "validate": answer_validate,
    "map": map_delivery,
    "normalize": answer_normalize,
    "upgrade": answer_upgrade,
    "downgrade": answer_downgrade,
    "checksum": answer_checksum,
    "verify_checksum": answer_verify_checksum,
    "verify": verify,
}


def answer(line):
    """Answer one line."""
    try:
        request = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return {"seq": None, **Refused("VCP_E007").answer()}
    if not isinstance(request, dict):
        return {"seq": None, **Refused("VCP_E004").answer()}
    seq = request.get("seq")
    return {"seq": seq if type(seq) is int else None, **answer_request(request)}


def answer_request(request):
    """Answer a request, without its `seq`."""
    try:
        operation = OPERATIONS.get(requests.required(request, "op", str))
        if operation is None:
            return {"unsupported": "the operation"}
        return operation(request)
    except Refused as refusal:
        return refusal.answer()
    except (RecursionError, MemoryError):
        return Refused("VCP_E008").answer()
    except Exception as error:  # A program under test must not crash, whatever the request.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return {"error": {"code": "VCP_E001", "field_path": str(ROOT), "reason": "a bug"}}


def main():
    """Answer the lines of standard input, until it ends."""
    suite.folder()  # Without the suite, the program ends at once.
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(answer(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
