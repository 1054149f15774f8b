"""Scores of sentiments, and the perception gap (MAPPING.md, section 9)."""

import math

SCORES = {
    "very_positive": 1.0,
    "positive": 0.8,
    "slightly_positive": 0.6,
    "neutral": 0.5,
    "slightly_negative": 0.4,
    "negative": 0.2,
    "very_negative": 0.0,
}
OBJECTIVE_VALUES = {"success": 1.0, "partial": 0.5, "timeout": 0.0, "failure": 0.0, "error": 0.0}
GAP_CLASSES = [(0.25, "aligned"), (0.5, "minor_deviation"), (0.75, "major_deviation")]


def perception_gap(scores, status):
    """Return the gap between scores and a status, or None."""
    objective = OBJECTIVE_VALUES.get(status)
    if not scores or objective is None:
        return None
    total = 0.0
    for score in scores:
        total += score
    gap = abs(total / len(scores) - objective) * 10_000
    if not math.isfinite(gap):
        return None
    whole = math.floor(gap)
    gap = (whole + 1 if gap - whole >= 0.5 else whole) / 10_000
    classes = (name for limit, name in GAP_CLASSES if gap < limit)
    return {"gap_score": gap, "gap_class": next(classes, "contradictory")}
