"""The integrations of Assistable (RULES.md 7.5, MAPPING.md 11)."""

import json

from ..json_text import is_set
from ..texts import fold
from .json_out import Raw
from .values import Nothing, string_of

SALES_WORDS = ("budget", "purchase", "product_interest", "decision_maker", "timeline")
CALENDAR_WORDS = ("appointment", "schedule", "meeting", "followup")
CONTACT_BEGINNINGS = ("contact_", "customer_", "lead_")


def object_of(members):
    """Writes an object of pairs of a name and a JSON text."""
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in members) + "}"


def copied(node, is_wanted):
    """Writes an object of the members whose names are wanted."""
    members = node.by_name().items()
    return object_of([(name, member.text()) for name, member in members if is_wanted(name)])


def has_word(words):
    """Makes a test whether a name contains one of the words, case ignored."""
    return lambda name: any(word in fold(name) for word in words)


def text_or(node, otherwise):
    """Returns the JSON text of a member, or another one if it is absent."""
    return otherwise if node is None else node.text()


def crm(node):
    """Makes `crm_system`."""
    members = node.by_name()
    if "customer_interest_level" not in members and "lead_score" not in members:
        raise Nothing()
    score = text_or(members.get("customer_interest_level"), '"unknown"')
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
    members = node.by_name()
    has_appointment = any("appointment_" in name for name in members)
    if "next_followup_date" not in members and not has_appointment:
        raise Nothing()
    return Raw(
        object_of(
            [
                ("provider", '"assistable_scheduling"'),
                ("next_action", text_or(members.get("next_followup_date"), "null")),
                ("scheduling_data", copied(node, has_word(CALENDAR_WORDS))),
            ]
        )
    )


def sales(node):
    """Makes `sales_system`."""
    is_sales = has_word(SALES_WORDS)
    if not any(is_sales(name) for name in node.by_name()):
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
    maker = node.by_name().get("decision_maker")
    if maker is not None and maker.text() == "true":
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
    member = node.by_name().get(name)
    if not is_set(member):
        return ""
    return (string_of(member) if member.kind == "string" else member.text()).lower()


FUNCTIONS = {"assistable_crm": crm, "assistable_calendar": calendar, "assistable_sales": sales}
