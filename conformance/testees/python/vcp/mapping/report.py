"""The lists of the report that grow while a delivery is read (MAPPING.md 3)."""

MOST_UNKNOWN_WORDS = 16


class Report:
    """Collects problems, unknown words, consulted and superseded members."""

    def __init__(self):
        """Starts with empty lists."""
        self.problems = []
        self.unknown_words = {}
        self.consulted = {}
        self.superseded = {}

    def problem(self, code, source):
        """Adds a problem. VCP_E004 is listed once for a pointer."""
        entry = {"code": code, "source": source}
        if code != "VCP_E004" or entry not in self.problems:
            self.problems.append(entry)

    def unknown(self, source, word):
        """Adds an unknown word. The same word at the same source is listed once."""
        self.unknown_words[source, word] = None

    def consult(self, source, word):
        """Adds a consulted member with its word, or with None."""
        self.consulted[source, word] = None

    def supersede(self, pointer, head=None):
        """Adds a superseded member, with the names of the place that `unread` passes over."""
        self.superseded[pointer] = head

    def unknown_list(self):
        """Returns the entries of `unknown_words`."""
        return [{"source": source, "word": word} for source, word in self.unknown_words]


class WordList:
    """The different unknown words of one list. At most 16 are reported."""

    def __init__(self, report):
        """Starts without words."""
        self.report, self.seen = report, set()

    def add(self, source, word):
        """Reports a word, unless there are 16 others already."""
        if len(self.seen) < MOST_UNKNOWN_WORDS or (source, word) in self.seen:
            self.seen.add((source, word))
            self.report.unknown(source, word)
