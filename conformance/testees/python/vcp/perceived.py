"""The objects of `outcomes.perceived` in older messages (MIGRATION.md, rule 10 of 2.2)."""

from . import numbers


def text_of(item):
    """Write an object of `perceived` as a text (rule 10)."""
    by, score, confidence = item.get("by"), _score(item), item.get("confidence")
    by = by.string() if by is not None else None
    text = by or ""
    if score is not None:
        text = score.text() if by is None else f"{by}: {score.text()}"
    if confidence is not None and confidence.kind == "number":
        text += (" " if text else "") + f"(confidence {confidence.text()})"
    return text


def _score(item):
    """Return the score of an object of `perceived` if it is a number."""
    sentiment = item.get("sentiment")
    score = sentiment.get("score") if sentiment is not None else None
    return score if score is not None and score.kind == "number" else None


def satisfaction_of(item, place):
    """Return the score of the caller and its place, if it is a value from 0 to 1."""
    by, score = item.get("by"), _score(item)
    if by is None or by.string() != "caller" or score is None:
        return None
    value = numbers.double(score.text())
    return (score, place) if value is not None and 0 <= value <= 1 else None
