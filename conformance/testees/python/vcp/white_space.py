"""The characters with the Unicode property White_Space, which `str.strip` has more of."""

WHITE_SPACE = "".join(
    map(
        chr,
        [*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)]
        + [0x2028, 0x2029, 0x202F, 0x205F, 0x3000],
    )
)


def trim(text):
    """Remove white space at both ends."""
    return text.strip(WHITE_SPACE)
