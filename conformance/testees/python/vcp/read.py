"""Reading a message: the steps of `parse`, and the structural check (READING.md, 1 to 8)."""

from . import model, numbers
from .faults import ROOT, Fault, Refused
from .json_text import NotJson, decode, has_lone_surrogate, read_json
from .times import read_timestamp

LONGEST_TEXT = 16_777_216
MOST_MEMBERS = 100_000


def read_text(data):
    """Read bytes as one JSON value: the steps 1 to 3 of section 1."""
    if len(data) > LONGEST_TEXT:
        raise Refused("VCP_E008")
    try:
        return read_json(data.decode("utf-8"))
    except (UnicodeDecodeError, NotJson) as error:
        raise Refused("VCP_E007") from error


def parse(root):
    """Refuse a value that is no readable message of 0.5: the steps 4 and 5 of section 1."""
    check_version(root)
    for fault in check(root, model.dialect("0.5")):
        if not fault.unlisted:
            raise Refused(fault.code, fault.path)


def check_version(root):
    """Refuse a readable version other than 0.5: step 4 of section 1."""
    version = root.get("vcp_version")
    if version and version.string() not in (None, "0.5"):
        raise Refused("VCP_E006", ROOT.to("vcp_version"))


def check(root, kind):
    """List the faults of the structure, in the order of the text (section 5)."""
    checker = _Checker()
    checker.check(root, kind, ROOT)
    return checker.faults


class _Checker:
    """The walk of section 5. It counts members and elements (section 7)."""

    def __init__(self):
        self.faults = []
        self.counted = 0

    def check(self, value, kind, path):
        """Check a value of any kind."""
        getattr(self, kind.name)(value, kind, path)

    def fault(self, code, path, at, unlisted=False):
        """Note a fault."""
        self.faults.append(Fault(code, path, at=at, unlisted=unlisted))

    def may_go_on(self, path, value):
        """Count a member or an element of the object or list at `path`."""
        self.counted += 1
        if self.counted == MOST_MEMBERS + 1:
            self.fault("VCP_E008", path, value.start)
        return self.counted <= MOST_MEMBERS

    def is_of_type(self, value, json_type, path):
        """Check the JSON type of a value."""
        if value.kind != json_type:
            self.fault("VCP_E004", path, value.start)
        return value.kind == json_type

    def readable_members(self, value, path):
        """Give the members, except those with a faulty name. Give None beyond the limit."""
        seen = set()
        for member in value.members():
            if not self.may_go_on(path, member.value):
                yield None
                return
            if "\\" in member.token and has_lone_surrogate(member.name):
                self.fault("VCP_E001", path, member.value.start)
            elif member.name in seen:
                self.fault("VCP_E007", path.to(member.name), member.value.start)
            else:
                seen.add(member.name)
                yield member

    def object(self, value, kind, path):
        """Check a modelled object."""
        if not self.is_of_type(value, "object", path):
            return
        present = set()
        for member in self.readable_members(value, path):
            if member is None:
                return
            present.add(member.name)
            if member.name in kind.members:
                self.member(member.value, kind.members[member.name], path.to(member.name))
        for name, member in kind.members.items():
            if member.presence == "required" and name not in present:
                self.fault("VCP_E005", path.to(name), value.end - 1)

    def member(self, value, member, path):
        """Check a modelled member (the presence is explained in section 4)."""
        if value.kind != "null" or member.presence == "default":
            self.check(value, member.kind, path)
        elif member.presence == "required":
            self.fault("VCP_E005", path, value.start)

    def map(self, value, kind, path):
        """Check a map."""
        if not self.is_of_type(value, "object", path):
            return
        for member in self.readable_members(value, path):
            if member is None:
                return
            inner = path.to(member.name)
            if kind.words and member.name not in kind.words:
                self.fault("VCP_E004", inner, member.value.start, unlisted=True)
            if member.value.kind != "null" or not kind.content_may_be_null:
                self.check(member.value, kind.content, inner)

    def list(self, value, kind, path):
        """Check a list."""
        if not self.is_of_type(value, "list", path):
            return
        for index, element in enumerate(value.elements()):
            if not self.may_go_on(path, element):
                return
            self.check(element, kind.content, path.to(index))

    def capability(self, value, kind, path):
        """Check a capability: a text or a modelled object."""
        if value.kind == "string":
            self.readable_text(value, path)
        else:
            self.object(value, kind.content, path)

    def free_form(self, value, kind, path):
        """Check free-form data, of which only the type matters."""
        self.is_of_type(value, "object", path)

    def readable_text(self, value, path):
        """Check a string, and return it decoded if it has no fault."""
        if not self.is_of_type(value, "string", path):
            return None
        token = value.text()
        decoded = decode(token)
        if "\\" in token and has_lone_surrogate(decoded):
            self.fault("VCP_E001", path, value.start)
            return None
        return decoded

    def text(self, value, kind, path):
        """Check a text."""
        self.readable_text(value, path)

    version = text

    def word(self, value, kind, path):
        """Check a word."""
        decoded = self.readable_text(value, path)
        if decoded is not None and decoded not in kind.words:
            self.fault("VCP_E004", path, value.start, unlisted=True)

    def time(self, value, kind, path):
        """Check a timestamp."""
        decoded = self.readable_text(value, path)
        if decoded is not None and read_timestamp(decoded) is None:
            self.fault("VCP_E001", path, value.start)

    def integer(self, value, kind, path):
        """Check an integer of 64 bits."""
        if self.is_of_type(value, "number", path) and numbers.integer(value.text()) is None:
            self.fault("VCP_E001", path, value.start)

    def float(self, value, kind, path):
        """Check a double."""
        if self.is_of_type(value, "number", path) and numbers.double(value.text()) is None:
            self.fault("VCP_E001", path, value.start)

    def boolean(self, value, kind, path):
        """Check a boolean."""
        self.is_of_type(value, "boolean", path)
