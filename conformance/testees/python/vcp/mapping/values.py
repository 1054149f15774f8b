"""The terms of RULES.md 1 and MAPPING.md 1: empty, filled, text, word and string."""

from ..json_text import decode, without_surrogates


class Nothing(Exception):
    """Says that a value gives nothing, without a problem."""


class Fault(Exception):
    """Says that a value is invalid (VCP_E001) or of the wrong type (VCP_E004)."""

    def __init__(self, code):
        """Keeps the code of the fault."""
        super().__init__(code)
        self.code = code


def invalid():
    """Makes the fault of an invalid value."""
    return Fault("VCP_E001")


def wrong_type():
    """Makes the fault of a value of the wrong type."""
    return Fault("VCP_E004")


def is_empty(node):
    """Says whether a value is empty (MAPPING.md 1, with the details of RULES.md 1)."""
    if node.kind != "list":
        return node.kind == "null" or is_empty_part(node)
    lists = [node]
    while lists:
        for element in lists.pop().elements():
            if element.kind == "list":
                lists.append(element)
            elif not is_empty_part(element):
                return False
    return True


def is_empty_part(node):
    """Says whether a value is an empty string or an empty object."""
    if node.kind == "string":
        return not node.text()[1:-1].strip(" ")
    return node.kind == "object" and not node.members()


def is_filled(node):
    """Says whether a member is present and not empty."""
    return node is not None and not is_empty(node)


def text_of(node):
    """Returns the text of a value, or None."""
    return node.text() if node is not None and node.kind == "number" else string_of(node)


def word_of(node):
    """Returns the word of a value, or None."""
    return node.text() if node is not None and node.kind == "boolean" else string_of(node)


def string_of(node):
    """Returns the content of a string with U+FFFD for each lone surrogate, or None."""
    if node is None or node.kind != "string":
        return None
    return without_surrogates(decode(node.text()))


def flag_of(node):
    """Returns the boolean of a flag: a boolean, or exactly the string `true` or `false`."""
    word = word_of(node)
    return {"true": True, "false": False}.get(word)
