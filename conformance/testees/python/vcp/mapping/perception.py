"""The perception gap (MAPPING.md 9)."""

import math

OBJECTIVE = {"success": 1.0, "partial": 0.5, "timeout": 0.0, "failure": 0.0, "error": 0.0}
CLASSES = ((0.25, "aligned"), (0.50, "minor_deviation"), (0.75, "major_deviation"))


def rounded(number):
    """Rounds a double that is not negative, and a half away from zero."""
    whole = math.floor(number)
    return whole + (number - whole >= 0.5)


def perception_gap(scores, status):
    """Returns the gap between scores and a status, or None."""
    if not scores or status not in OBJECTIVE:
        return None
    gap = abs(sum(scores) / len(scores) - OBJECTIVE[status])
    gap = rounded(gap * 10_000) / 10_000
    gap_class = next((name for limit, name in CLASSES if gap < limit), "contradictory")
    return {"gap_score": gap, "gap_class": gap_class}
