"""Masking of secrets and audio (MAPPING.md 12, RULES.md 3.5)."""

from bisect import bisect_left

from ..json_text import without_surrogates
from ..pointers import pointer_of
from ..texts import fold

MASK = '"***"'
EXTRA_BUDGET = 65_536
GENERAL_SECRETS = [
    *("password", "passwd", "api_key", "apiKey", "api_secret", "apiSecret"),
    *("access_token", "accessToken", "refresh_token", "refreshToken", "auth_token", "authToken"),
    *("client_secret", "clientSecret", "private_key", "privateKey"),
]


class Pattern:
    """A pattern of `secrets`."""

    def __init__(self, text):
        """Splits a pattern as RULES.md 3.5 says."""
        self.only_scalar = text.endswith("!")
        text = text.removesuffix("!")
        self.from_root = text.startswith("$.")
        *outer, self.last = text.removeprefix("$.").split(".")
        self.has_gap = bool(outer) and outer[-1] == "**"
        self.outer = tuple(outer[:-1] if self.has_gap else outer)
        self.last_parts = fold(self.last).split("*")

    def ends_outer(self, names):
        """Says whether the outer names are the innermost of these names."""
        if self.from_root:
            return names == list(self.outer)
        return not self.outer or tuple(names[-len(self.outer) :]) == self.outer

    def has_name(self, name):
        """Says whether the name of a member fits the last name."""
        if len(self.last_parts) == 1:
            return name == self.last
        return has_shape(fold(name), self.last_parts)

    def masks(self, node):
        """Says whether a member of this kind is masked."""
        return not self.only_scalar or node.kind in ("string", "number")


def has_shape(name, parts):
    """Says whether a name has the first part at its start, the last at its end, in order."""
    first, *middle, last = parts
    if len(name) < len(first) + len(last) or not name.startswith(first):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return name.endswith(last)


class Frame:
    """An object or a list on the way down."""

    def __init__(self, node, names, tokens, open_gaps, masked):
        """Starts before the first member or element."""
        self.names, self.tokens, self.open_gaps, self.masked = names, tokens, open_gaps, masked
        self.is_object = node.kind == "object"
        members = ((member.name, member.value) for member in node.members())
        self.children = members if self.is_object else enumerate(node.elements())


class Masker:
    """Finds the values that patterns mask in a payload."""

    def __init__(self, root, patterns):
        """Goes through the payload once."""
        self.source, self.patterns = root.source, [Pattern(text) for text in patterns]
        self.starts, self.ends, self.pointers = [], [], []
        self.budget = len(root.source.encode("utf-8")) + EXTRA_BUDGET
        if self.patterns:
            self.walk(root)

    def walk(self, root):
        """Visits all members and elements in document order, with a stack of its own."""
        names, tokens = [], []
        gaps = frozenset(p for p in self.patterns if p.has_gap and p.ends_outer([]))
        stack = [Frame(root, 0, 0, gaps, False)]
        while stack:
            frame = stack[-1]
            del names[frame.names :], tokens[frame.tokens :]
            child = next(frame.children, None)
            if child is None:
                stack.pop()
                continue
            key, node = child
            masked = frame.masked or (frame.is_object and self.is_masked(frame, names, key, node))
            tokens.append(key)
            if node.kind in ("object", "list"):
                gaps = frame.open_gaps
                if frame.is_object:
                    names.append(key)
                    gaps = self.gaps_below(gaps, names)
                stack.append(Frame(node, len(names), len(tokens), gaps, masked))
            elif masked and node.kind in ("string", "number"):
                self.found(node, tokens)

    def gaps_below(self, gaps, names):
        """Returns the patterns with a gap whose outer names are complete below these names."""
        more = [p for p in self.patterns if p.has_gap and p not in gaps and p.ends_outer(names)]
        return gaps.union(more) if more else gaps

    def is_masked(self, frame, names, name, node):
        """Says whether a pattern fits a member."""
        return any(
            pattern.has_name(name)
            and pattern.masks(node)
            and (pattern in frame.open_gaps if pattern.has_gap else pattern.ends_outer(names))
            for pattern in self.patterns
        )

    def found(self, node, tokens):
        """Notes a masked value, and its pointer within the budget (MAPPING.md 12)."""
        self.starts.append(node.start)
        self.ends.append(node.end)
        if self.pointers and self.pointers[-1] == "":
            return
        pointer = pointer_of(without_surrogates(str(token)) for token in tokens)
        self.budget -= len(pointer.encode("utf-8"))
        self.pointers.append(pointer if self.budget > 0 else "")

    def copy(self, node):
        """Returns the text of a value with everything masked that is inside it."""
        parts, at = [], node.start
        index = bisect_left(self.starts, node.start)
        while index < len(self.starts) and self.ends[index] <= node.end:
            parts += [self.source[at : self.starts[index]], MASK]
            at = self.ends[index]
            index += 1
        return "".join(parts) + self.source[at : node.end]
