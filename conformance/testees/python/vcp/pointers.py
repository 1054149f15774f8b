"""JSON Pointers (RFC 6901)."""


def escape(name):
    """Write a name as a step of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def pointer_of(names):
    """Write names as a JSON Pointer."""
    return "".join("/" + escape(name) for name in names)


def steps_of(pointer):
    """Return the names and indexes of a JSON Pointer. The text is a pointer."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
