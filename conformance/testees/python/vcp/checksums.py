"""The operations `checksum` and `verify_checksum` (CHECKSUMS.md)."""

import hashlib
import itertools

from . import model, numbers
from .faults import ROOT, Refused
from .json_text import decode, encode, has_lone_surrogate, is_deeper, is_set, read_json
from .legacy import legacy_text
from .read import MOST_MEMBERS, parse
from .write import written

DEEPEST = 128
JCS_PREFIX = "jcs-sha256:"


def checksum(root, algorithm):
    """Compute the checksum of a message of 0.5."""
    parse(root)
    return COMPUTERS[algorithm](root)


def verify(root):
    """Compare `audit.checksum` with the message (section 3)."""
    parse(root)
    stated = root.get("audit").get("checksum")
    if not is_set(stated):
        return {"result": "absent"}
    stated = stated.string()
    if ":" in stated and not stated.startswith(JCS_PREFIX):
        return {"result": "mismatch"}
    algorithm = "jcs" if ":" in stated else "legacy"
    result = "match" if COMPUTERS[algorithm](root) == stated else "mismatch"
    return {"result": result, "algorithm": algorithm}


def _sha256(text):
    """Hash a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _legacy(root):
    """Compute the checksum `legacy` (section 1)."""
    return _sha256(legacy_text(root, model.dialect("0.5")))


def _jcs(root):
    """Compute the checksum `jcs` (section 2). The checks have the order of section 2.1."""
    message = read_json(written(root))
    if is_deeper(message, DEEPEST) or _has_too_many_parts(message):
        raise Refused("VCP_E008")
    _check_values(message, ROOT)
    parts = {name: _canonical(value) for name, value in message.by_name().items()}
    audit = message.get("audit").by_name()
    audit.pop("checksum", None)
    parts["audit"] = _canonical_object(audit)
    return JCS_PREFIX + _sha256(_joined(parts))


COMPUTERS = {"legacy": _legacy, "jcs": _jcs}


def _has_too_many_parts(message):
    """Tell whether a message has more members and elements than the limit."""
    return next(itertools.islice(_everything(message), MOST_MEMBERS, None), None) is not None


def _everything(value):
    """Give each member and element inside of a value."""
    for part in value.inner_values():
        yield part
        yield from _everything(part)


def _check_values(value, path):
    """Refuse the first value that has no form."""
    if value.kind == "object":
        for member in value.members():
            if has_lone_surrogate(member.name):
                raise Refused("VCP_E001", path)
            _check_values(member.value, path.to(member.name))
    elif value.kind == "list":
        for index, element in enumerate(value.elements()):
            _check_values(element, path.to(index))
    elif value.kind == "string" and value.string() is None:
        raise Refused("VCP_E001", path)
    elif value.kind == "number" and numbers.double(value.text()) is None:
        raise Refused("VCP_E001", path)


def _canonical(value):
    """Write a value in the form of RFC 8785."""
    if value.kind == "object":
        return _canonical_object(value.by_name())
    if value.kind == "list":
        return "[" + ",".join(_canonical(element) for element in value.elements()) + "]"
    if value.kind == "string":
        return encode(decode(value.text()))
    if value.kind == "number":
        return numbers.ecmascript(float(value.text()))
    return value.text()


def _canonical_object(members):
    """Write an object. Of a repeated name, the last value counts."""
    return _joined({name: _canonical(value) for name, value in members.items()})


def _joined(parts):
    """Join members, sorted by the UTF-16 units of their names."""
    names = sorted(parts, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(f"{encode(name)}:{parts[name]}" for name in names) + "}"
