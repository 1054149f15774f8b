"""The transforms of lists (RULES.md 7.3)."""

from fractions import Fraction

from ..json_text import is_set
from ..numbers import floor_half_up, half_up, rounded
from ..times import SECOND
from .conditions import all_pass
from .paths import find
from .readers import nearest_double, read_number, time_or_none, whole_count
from .values import Nothing, invalid, wrong_type

LARGEST_AMOUNT = 10**15


def elements_of(node):
    """Returns the elements of a list. Any other value is of the wrong type."""
    if node.kind != "list":
        raise wrong_type()
    return node.elements()


def times_of(node, source):
    """Returns the times of the members of all rows that pass `rows`."""
    rows = [row for row in elements_of(node) if row.kind == "object"]
    rows = [row for row in rows if all_pass(source.rows, row)]
    members = [find(row, path.head) for row in rows for path in source.members]
    times = [time_or_none(member) for member in members]
    times = [time for time in times if time is not None]
    if not times:
        raise Nothing()
    return times


def instant(time):
    """Returns what times are compared by."""
    return time.nanoseconds


def earliest(node, source):
    """Gives the earliest of the times."""
    return min(times_of(node, source), key=instant)


def latest(node, source):
    """Gives the latest of the times."""
    return max(times_of(node, source), key=instant)


def span(node, source):
    """Gives the latest minus the earliest time, in whole seconds."""
    times = [time.nanoseconds for time in times_of(node, source)]
    if max(times) == min(times):
        raise Nothing()
    return floor_half_up(Fraction(max(times) - min(times), SECOND))


def number_in_list(node):
    """Reads a number of a list. An empty string is invalid."""
    try:
        return read_number(node)
    except Nothing:
        raise invalid() from None


def total(node, _source):
    """Gives the sum of a list of counts."""
    counts = [whole_count(number_in_list(element)) for element in elements_of(node)]
    if not counts:
        raise Nothing()
    return whole_count(Fraction(sum(counts)))


def numbers_of(node, source):
    """Returns the numbers of a list, or of the members of its rows."""
    found = []
    for element in elements_of(node):
        if not source.members:
            found.append(number_in_list(element))
            continue
        if element.kind != "object":
            raise wrong_type()
        members = [find(element, path.head) for path in source.members]
        found.extend(number_in_list(member) for member in members if is_set(member))
    found = [rounded(number, 6) for number in found]
    if any(abs(number) > LARGEST_AMOUNT for number in found):
        raise invalid()
    if not found:
        raise Nothing()
    return found


def to_three(number):
    """Rounds a result to three decimals, and a half up."""
    return nearest_double(half_up(number, 3))


def mean(node, source):
    """Gives the mean of the numbers."""
    numbers = numbers_of(node, source)
    return to_three(sum(numbers) / len(numbers))


def percentile(numbers, percent):
    """Returns the element ceil(n * percent / 100) of the sorted numbers, counted from 1."""
    return sorted(numbers)[-(-len(numbers) * percent // 100) - 1]


def median(node, source):
    """Gives the median of the numbers."""
    return to_three(percentile(numbers_of(node, source), 50))


def p95(node, source):
    """Gives the 95th percentile of the numbers."""
    return to_three(percentile(numbers_of(node, source), 95))


TRANSFORMS = {
    "earliest": earliest,
    "latest": latest,
    "span": span,
    "sum": total,
    "mean": mean,
    "median": median,
    "p95": p95,
}
