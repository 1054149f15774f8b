"""Word tables (RULES.md 3.4)."""

NONE = "none"


class Table:
    """A table that gives a result for a word."""

    def __init__(self, data):
        """Reads a table of `provider.json`."""
        self.words = data.get("words") or {}
        self.begins = data.get("begins") or []
        self.contains = data.get("contains") or []
        self.otherwise = data.get("otherwise")
        self.ignore_case = bool(data.get("ignore_case"))
        self.complete = bool(data.get("complete"))
        self.lower = {self.shape(word): self.words[word] for word in sorted(self.words)[::-1]}

    def shape(self, text):
        """Returns a text as it is compared."""
        return text.lower() if self.ignore_case else text

    def look_up(self, word):
        """Returns the result, or None, and whether the word is known."""
        if word == "":
            return None, True
        if word in self.words:
            return self.words[word], True
        shape = self.shape(word)
        if shape in self.lower:
            return self.lower[shape], True
        for beginning, result in self.begins:
            if shape.startswith(self.shape(beginning)):
                return result, True
        for parts, result in self.contains:
            if has_parts(shape, self.shape(parts).split("*")):
                return result, False
        return self.otherwise, False

    def reports(self, known):
        """Says whether a word is reported as unknown."""
        return self.complete and not known

    @property
    def knows_booleans(self):
        """Says whether the table has a word for a boolean."""
        return "true" in self.words or "false" in self.words


def has_parts(text, parts):
    """Says whether a text has all the parts, one behind the other and without overlap."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True
