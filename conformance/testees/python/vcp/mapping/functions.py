"""The integrations of Assistable (RULES.md 7.5, MAPPING.md 11)."""

import json

from .json_out import Raw
from .values import Nothing, exists, fold

SALES_WORDS = ("budget", "purchase", "product_interest", "decision_maker", "timeline")
CALENDAR_WORDS = ("appointment", "schedule", "meeting", "followup")
CONTACT_BEGINNINGS = ("contact_", "customer_", "lead_")


def object_of(members):
    """Writes an object of pairs of a name and a JSON text."""
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in members) + "}"


def copied(node, is_wanted):
    """Writes an object of the members whose names are wanted."""
    names = [name for name in node.by_name if is_wanted(name)]
    return object_of([(name, node.get(name).raw) for name in names])


def has_word(words):
    """Makes a test whether a name contains one of the words, case ignored."""
    return lambda name: any(word in fold(name) for word in words)


def raw_or(node, otherwise):
    """Returns the JSON text of a member, or another one if it is absent."""
    return otherwise if node is None else node.raw


def crm(node):
    """Makes `crm_system`."""
    if "customer_interest_level" not in node.by_name and "lead_score" not in node.by_name:
        raise Nothing()
    score = raw_or(node.get("customer_interest_level"), '"unknown"')
    data = copied(node, lambda name: name.startswith(CONTACT_BEGINNINGS))
    return Raw(
        object_of(
            [
                ("provider", '"assistable_extractions"'),
                ("lead_score", score),
                ("contact_data", data),
            ]
        )
    )


def calendar(node):
    """Makes `calendar_system`."""
    has_appointment = any("appointment_" in name for name in node.by_name)
    if "next_followup_date" not in node.by_name and not has_appointment:
        raise Nothing()
    return Raw(
        object_of(
            [
                ("provider", '"assistable_scheduling"'),
                ("next_action", raw_or(node.get("next_followup_date"), "null")),
                ("scheduling_data", copied(node, has_word(CALENDAR_WORDS))),
            ]
        )
    )


def sales(node):
    """Makes `sales_system`."""
    is_sales = has_word(SALES_WORDS)
    if not any(is_sales(name) for name in node.by_name):
        raise Nothing()
    return Raw(
        object_of(
            [
                ("provider", '"assistable_sales_intelligence"'),
                ("opportunity_data", copied(node, is_sales)),
                ("qualification_score", json.dumps(score_in_hundredths(node) / 100)),
            ]
        )
    )


def score_in_hundredths(node):
    """Computes the qualification score."""
    score = 50
    maker = node.get("decision_maker")
    if maker is not None and maker.raw == "true":
        score += 20
    budget, timeline = lower_text(node, "budget_range"), lower_text(node, "purchase_timeline")
    if "$" in budget or "budget" in budget:
        score += 15
    if "30 days" in timeline or "immediate" in timeline:
        score += 15
    elif "90 days" in timeline or "quarter" in timeline:
        score += 10
    return min(score, 100)


def lower_text(node, name):
    """Returns a member in lower case. A value that is no string counts by its JSON text."""
    member = node.get(name)
    if not exists(member):
        return ""
    return (member.string if member.kind == "string" else member.raw).lower()


FUNCTIONS = {"assistable_crm": crm, "assistable_calendar": calendar, "assistable_sales": sales}
