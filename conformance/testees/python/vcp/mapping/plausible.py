"""Figures that contradict each other (MAPPING.md 16)."""

from ..times import SECOND
from .fields import KPIS

START, END, DURATION = "call.start_time", "call.end_time", "call.duration_sec"
TOTAL = "outcomes.model_outcome_attribution.total_cost_usd"
COST_TOLERANCE = 0.0005
DOUBLE_TOLERANCE = 1e-9


def check(fields, models, report):
    """Reports implausible figures. They stay in the message."""
    check_times(fields, report)
    check_costs(fields, models, report)


def check_times(fields, report):
    """Compares the start, the end and the duration, if they were read."""
    if not fields.was_read(START) or not fields.was_read(END):
        return
    length = fields.value(END).nanoseconds - fields.value(START).nanoseconds
    if length < 0:
        report.problem("VCP_E101", fields.pointer(END))
    elif fields.was_read(DURATION) and abs(fields.value(DURATION) * SECOND - length) > SECOND:
        report.problem("VCP_E108", fields.pointer(DURATION))


def check_costs(fields, models, report):
    """Compares the total cost with the costs of the roles and the lines of costs."""
    total = fields.value(TOTAL)
    if total is None:
        return
    if total < 0:
        report.problem("VCP_E107", fields.pointer(TOTAL))
        return
    costs = [model.cost_usd for model in models.values() if model.cost_usd is not None]
    lines = fields.below(KPIS)
    costs += [cost for name, cost in lines.items() if name.startswith("cost_usd.")]
    if sum(float(cost) for cost in costs) > total + COST_TOLERANCE + DOUBLE_TOLERANCE:
        report.problem("VCP_E116", fields.pointer(TOTAL))
